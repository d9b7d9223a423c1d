-- The journal: what was seen, intended, told and decided.
-- Instants are text in UTC with nine digits of a second, so that they sort as they stand and lose nothing.
-- Ids are ARM ids in lower case; the spelling that Azure uses is kept inside `facts` and in `name`.
-- `created` is the createdOn that belongs to an instance's identity, or '' when it is not known.

CREATE TABLE workspaces (
    workspace TEXT PRIMARY KEY,
    seen_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a life of an instance's name; `present` marks the life that the name has now.
CREATE TABLE instances (
    instance  TEXT NOT NULL,
    created   TEXT NOT NULL,
    workspace TEXT NOT NULL,
    present   INTEGER NOT NULL CHECK (present IN (0, 1)),
    seen_at   TEXT NOT NULL,
    gone_at   TEXT,
    state     TEXT NOT NULL,
    operation TEXT,
    facts     TEXT NOT NULL,
    history   TEXT NOT NULL,
    PRIMARY KEY (instance, created)
) STRICT;
CREATE UNIQUE INDEX instances_one_present ON instances (instance) WHERE present = 1;

-- Every observed change: it happened after `not_before` and not after `not_after`.
CREATE TABLE transitions (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    instance   TEXT NOT NULL,
    created    TEXT NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    not_before TEXT,
    not_after  TEXT NOT NULL,
    known_by   TEXT NOT NULL CHECK (known_by IN ('first_sighting', 'sighting', 'operation', 'absence', 'replacement')),
    operation  TEXT
) STRICT;
CREATE INDEX transitions_of ON transitions (instance, created, seq);
CREATE TRIGGER transitions_stand BEFORE UPDATE ON transitions
BEGIN SELECT RAISE(ABORT, 'transitions are append-only: a correction is a new row'); END;
CREATE TRIGGER transitions_stay BEFORE DELETE ON transitions
BEGIN SELECT RAISE(ABORT, 'transitions are append-only: no row is deleted'); END;

-- One row a reason to stop one life of an instance once.
CREATE TABLE intents (
    intent   INTEGER PRIMARY KEY AUTOINCREMENT,
    instance TEXT NOT NULL,
    created  TEXT NOT NULL,
    key      TEXT NOT NULL,
    UNIQUE (instance, created, key)
) STRICT;

-- One row a try to carry such a reason out.
CREATE TABLE attempts (
    id          TEXT PRIMARY KEY,
    intent      INTEGER NOT NULL REFERENCES intents (intent),
    instance    TEXT NOT NULL,
    name        TEXT NOT NULL,
    attempt     INTEGER NOT NULL CHECK (attempt >= 1),
    policy      TEXT NOT NULL,
    revision    TEXT NOT NULL,
    ground      TEXT NOT NULL,
    step        TEXT NOT NULL,
    intended_at TEXT NOT NULL,
    sent_at     TEXT,
    ended_at    TEXT,
    result      TEXT CHECK (result IN ('stopped', 'started_again', 'gone', 'failed', 'dropped')),
    words       TEXT,
    CHECK ((ended_at IS NULL) = (result IS NULL))
) STRICT;
CREATE UNIQUE INDEX attempts_one_open ON attempts (instance) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX attempts_carried_out_once ON attempts (intent)
    WHERE ended_at IS NULL OR result IN ('stopped', 'started_again');
CREATE INDEX attempts_ended ON attempts (ended_at);
CREATE TRIGGER attempts_ended_stand BEFORE UPDATE ON attempts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a settled stop stands'); END;
CREATE TRIGGER attempts_stand BEFORE UPDATE OF id, intent, instance, name, attempt, policy, revision, ground, step, intended_at ON attempts
BEGIN SELECT RAISE(ABORT, 'what was intended stands'); END;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'stops are append-only: no row is deleted'); END;

-- The outbox. `next_try_at` is empty when it is delivered or given up.
CREATE TABLE messages (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    instance     TEXT NOT NULL,
    created      TEXT NOT NULL,
    stop_at      TEXT,
    body         TEXT NOT NULL,
    at           TEXT NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_try_at  TEXT,
    delivered_at TEXT,
    why          TEXT
) STRICT;
CREATE INDEX messages_due ON messages (at, id) WHERE next_try_at IS NOT NULL;
CREATE INDEX messages_by_age ON messages (at);

CREATE TABLE holds (
    id        TEXT PRIMARY KEY,
    instance  TEXT NOT NULL,
    name      TEXT NOT NULL,
    created   TEXT NOT NULL,
    until     TEXT NOT NULL,
    who       TEXT NOT NULL,
    reason    TEXT NOT NULL,
    made_at   TEXT NOT NULL,
    lifted_at TEXT,
    lifted_by TEXT
) STRICT;
CREATE INDEX holds_of ON holds (instance, made_at);
CREATE INDEX holds_until ON holds (until);

-- Every revision of every policy in the order of loading; the last one of a policy is in force.
CREATE TABLE revisions (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    policy       TEXT NOT NULL,
    name         TEXT NOT NULL,
    revision     TEXT NOT NULL,
    since        TEXT NOT NULL,
    replaced     INTEGER NOT NULL CHECK (replaced IN (0, 1)),
    acknowledged INTEGER NOT NULL CHECK (acknowledged IN (0, 1))
) STRICT;
CREATE INDEX revisions_of ON revisions (policy, seq);

CREATE TABLE evaluated (
    policy TEXT PRIMARY KEY,
    name   TEXT NOT NULL,
    at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    instance TEXT NOT NULL,
    at       TEXT NOT NULL,
    verdict  TEXT NOT NULL,
    facts    TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_of ON decisions (instance, at, seq);
CREATE TRIGGER decisions_stand BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

-- Who did what. Each row's hash covers its words and the hash before it.
CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     TEXT NOT NULL,
    who    TEXT NOT NULL,
    what   TEXT NOT NULL,
    target TEXT NOT NULL,
    why    TEXT NOT NULL,
    before TEXT NOT NULL,
    hash   TEXT NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER audit_stands BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
