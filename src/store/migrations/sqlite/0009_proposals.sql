-- Proposals to delete instances that stay off: each as it was made, and what happened to it, appended and never changed.
CREATE TABLE proposals (
    id       TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    created  TEXT NOT NULL,
    made_at  TEXT NOT NULL,
    body     TEXT NOT NULL,
    ended_at TEXT,
    -- when a keep runs out; "9999" for one that does not
    kept_until TEXT
) STRICT;
CREATE UNIQUE INDEX proposals_one_open ON proposals (instance) WHERE ended_at IS NULL;
CREATE TRIGGER proposals_stand BEFORE UPDATE OF id, instance, created, made_at, body ON proposals
BEGIN SELECT RAISE(ABORT, 'what was proposed stands'); END;
CREATE TRIGGER proposals_stay BEFORE DELETE ON proposals
BEGIN SELECT RAISE(ABORT, 'proposals are append-only: no row is deleted'); END;
CREATE TABLE proposal_events (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    proposal TEXT NOT NULL REFERENCES proposals (id),
    at       TEXT NOT NULL,
    step     TEXT NOT NULL,
    link     TEXT,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX proposal_events_of ON proposal_events (proposal, seq);
CREATE UNIQUE INDEX proposal_events_link ON proposal_events (link) WHERE link IS NOT NULL;
CREATE TRIGGER proposal_events_stand BEFORE UPDATE ON proposal_events
BEGIN SELECT RAISE(ABORT, 'what happened to a proposal stands'); END;
CREATE TRIGGER proposal_events_stay BEFORE DELETE ON proposal_events
BEGIN SELECT RAISE(ABORT, 'what happened to a proposal stays'); END;
