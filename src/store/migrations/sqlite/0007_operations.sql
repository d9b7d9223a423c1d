-- What is done with instances beside stopping them: written before it is sent, and settled by looking. `key` is the reason:
-- what is done for one is done once for it.
CREATE TABLE operations (
    id       TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    name     TEXT NOT NULL,
    created  TEXT NOT NULL,
    verb     TEXT NOT NULL CHECK (verb IN ('create', 'start', 'restart', 'delete')),
    key      TEXT NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    sent_at  TEXT,
    ended_at TEXT,
    result   TEXT CHECK (result IN ('done', 'failed', 'dropped')),
    words    TEXT,
    CHECK ((ended_at IS NULL) = (result IS NULL))
) STRICT;
CREATE UNIQUE INDEX operations_one_open ON operations (instance) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX operations_done_once ON operations (instance, created, key) WHERE ended_at IS NULL OR result = 'done';
CREATE INDEX operations_asked ON operations (asked_at);
CREATE TRIGGER operations_ended_stand BEFORE UPDATE ON operations WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a settled operation stands'); END;
CREATE TRIGGER operations_stand BEFORE UPDATE OF id, instance, name, created, verb, key, who, why, asked_at ON operations
BEGIN SELECT RAISE(ABORT, 'what was intended stands'); END;
CREATE TRIGGER operations_stay BEFORE DELETE ON operations
BEGIN SELECT RAISE(ABORT, 'operations are append-only: no row is deleted'); END;
