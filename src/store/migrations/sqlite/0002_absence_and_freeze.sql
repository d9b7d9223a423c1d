-- When an instance was missing from a whole reading of its workspace for the first time; of no meaning once the
-- workspace was read later without saying so again.
ALTER TABLE instances ADD COLUMN absent_at TEXT;

-- From when to when everything was last seen frozen: what a freeze kept is caught up with from its end on.
CREATE TABLE frozen (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    since TEXT NOT NULL,
    until TEXT NOT NULL
) STRICT;
