-- Instances that were in use when last heard of, by what a source beside Azure Resource Manager said: a process that starts anew
-- must not take them for free until their source speaks again. One row each; it goes when the use ends.
CREATE TABLE in_use (
    instance TEXT PRIMARY KEY,
    id       TEXT NOT NULL,
    created  TEXT NOT NULL,
    tracks   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
