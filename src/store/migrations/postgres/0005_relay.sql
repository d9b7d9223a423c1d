-- What one replica asks of another: of what people want of an instance that another decides about. It ends with whoever was asked.
CREATE TABLE requests (
    id       TEXT COLLATE "C" PRIMARY KEY,
    holder   TEXT COLLATE "C" NOT NULL REFERENCES members (holder) ON DELETE CASCADE,
    body     TEXT COLLATE "C" NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    taken_at TIMESTAMPTZ,
    answer   TEXT COLLATE "C"
);
CREATE INDEX requests_of ON requests (holder) WHERE taken_at IS NULL;
CREATE INDEX requests_by_age ON requests (asked_at);

-- The newest heartbeat of each instance that reported to a replica which does not decide about it.
CREATE TABLE heartbeats (
    instance TEXT COLLATE "C" PRIMARY KEY,
    shard    BIGINT NOT NULL CHECK (shard BETWEEN 0 AND 63),
    at       TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    body     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX heartbeats_by_age ON heartbeats (at);

-- By which identity each member asks Azure, once it knows: those of one identity share its limits.
ALTER TABLE members ADD COLUMN identity TEXT COLLATE "C";

-- Whether a member can take what should be its own: one that still reads what it needs is given nothing.
ALTER TABLE members ADD COLUMN ready BIGINT NOT NULL DEFAULT 1 CHECK (ready IN (0, 1));
