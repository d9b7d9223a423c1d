-- The ledger: prices, metered time, and what stops avoided. Rows are only ever added (C1).
-- Times of intervals are whole seconds since 1970, UTC: they are reckoned with. `digest` is the SHA-256 of `body`, which is
-- JSON; the hash of a ledger row covers the digests of what it refers to, and the hash of the row before it.

CREATE TABLE prices (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    size   TEXT NOT NULL,
    region TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    body   TEXT NOT NULL
) STRICT;
CREATE TRIGGER prices_stand BEFORE UPDATE ON prices
BEGIN SELECT RAISE(ABORT, 'prices are snapshots: another price is a new row'); END;
CREATE TRIGGER prices_stay BEFORE DELETE ON prices
BEGIN SELECT RAISE(ABORT, 'prices are snapshots: no row is deleted'); END;

-- Which snapshot holds, when a source last confirmed it, and why the last answer was none or not believed.
CREATE TABLE prices_in_force (
    size         TEXT NOT NULL,
    region       TEXT NOT NULL,
    price        INTEGER REFERENCES prices (id),
    confirmed_at TEXT,
    doubt        TEXT,
    asked_at     TEXT NOT NULL,
    PRIMARY KEY (size, region),
    CHECK ((price IS NULL) = (confirmed_at IS NULL))
) STRICT, WITHOUT ROWID;

-- `workspace` and `team` say once more what is in `body`, for sums.
CREATE TABLE ledger_subjects (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    instance  TEXT NOT NULL,
    created   TEXT NOT NULL,
    workspace TEXT NOT NULL,
    team      TEXT,
    digest    BLOB NOT NULL UNIQUE,
    body      TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_subjects_of ON ledger_subjects (instance, created);
CREATE TRIGGER ledger_subjects_stand BEFORE UPDATE ON ledger_subjects
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_subjects_stay BEFORE DELETE ON ledger_subjects
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TABLE ledger_terms (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    body   TEXT NOT NULL
) STRICT;
CREATE TRIGGER ledger_terms_stand BEFORE UPDATE ON ledger_terms
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_terms_stay BEFORE DELETE ON ledger_terms
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- `from_seen` and `to_seen` are the rows of `transitions` at both ends; empty where the time was only cut.
-- The previous row's hash is the previous row: it is not written twice.
CREATE TABLE ledger (
    seq       INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('usage', 'avoided', 'would_avoid')),
    subject   INTEGER NOT NULL REFERENCES ledger_subjects (id),
    terms     INTEGER NOT NULL REFERENCES ledger_terms (id),
    price     INTEGER REFERENCES prices (id),
    state     TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'unknown')),
    basis     TEXT NOT NULL CHECK (basis IN ('observed', 'rebuilt', 'assumed', 'gap')),
    from_at   INTEGER NOT NULL,
    from_low  INTEGER NOT NULL,
    from_high INTEGER NOT NULL,
    to_at     INTEGER NOT NULL,
    to_low    INTEGER NOT NULL,
    to_high   INTEGER NOT NULL,
    from_seen INTEGER,
    to_seen   INTEGER,
    corrects  INTEGER REFERENCES ledger (seq),
    detail    TEXT,
    hash      BLOB NOT NULL,
    CHECK (from_at <= to_at AND from_low <= from_at AND from_at <= from_high AND to_low <= to_at AND to_at <= to_high)
) STRICT;
CREATE INDEX ledger_by_end ON ledger (to_at);
CREATE INDEX ledger_unpriced ON ledger (seq) WHERE price IS NULL AND (kind <> 'usage' OR state <> 'stopped');
CREATE INDEX ledger_corrections ON ledger (corrects) WHERE corrects IS NOT NULL;
CREATE TRIGGER ledger_stands BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a correction is a new row'); END;
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no row is deleted'); END;

-- The interval of each meter that is going on (L8). `unseen_since`: the instance was left out of readings since then.
CREATE TABLE meters (
    instance     TEXT NOT NULL,
    created      TEXT NOT NULL,
    workspace    TEXT NOT NULL,
    subject      INTEGER NOT NULL REFERENCES ledger_subjects (id),
    terms        INTEGER NOT NULL REFERENCES ledger_terms (id),
    price        INTEGER REFERENCES prices (id),
    size         TEXT NOT NULL,
    region       TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'unknown', 'gone')),
    basis        TEXT NOT NULL CHECK (basis IN ('observed', 'rebuilt', 'assumed', 'gap')),
    since_at     INTEGER NOT NULL,
    since_low    INTEGER NOT NULL,
    since_high   INTEGER NOT NULL,
    from_seen    INTEGER,
    unseen_since INTEGER,
    PRIMARY KEY (instance, created)
) STRICT, WITHOUT ROWID;
CREATE INDEX meters_of ON meters (workspace, state);
CREATE INDEX meters_priced ON meters (size, region) WHERE state IN ('running', 'unknown');

-- Stops that earn credit until something ends it, and stops that a policy in observe mode would have made.
CREATE TABLE claims (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    instance  TEXT NOT NULL,
    created   TEXT NOT NULL,
    workspace TEXT NOT NULL,
    subject   INTEGER NOT NULL REFERENCES ledger_subjects (id),
    terms     INTEGER NOT NULL REFERENCES ledger_terms (id),
    price     INTEGER REFERENCES prices (id),
    did       INTEGER NOT NULL CHECK (did IN (0, 1)),
    key       TEXT NOT NULL,
    until     INTEGER NOT NULL,
    body      TEXT NOT NULL,
    closed_by INTEGER REFERENCES ledger (seq),
    UNIQUE (instance, created, key, did)
) STRICT;
CREATE INDEX claims_open ON claims (instance, created) WHERE closed_by IS NULL;
CREATE INDEX claims_due ON claims (until) WHERE closed_by IS NULL;

-- Sums of the rows, kept with each that is added; `lightsout ledger verify` adds them up again. Usage counts running
-- seconds, the other kinds credited ones. `charged` is taken from that: what restarts cost, and what corrections take
-- back. Both only grow, so that counters can be made of them. Price 0 is none, team '' nobody's.
CREATE TABLE ledger_sums (
    workspace TEXT NOT NULL,
    team      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    price     INTEGER NOT NULL,
    credited  INTEGER NOT NULL CHECK (credited >= 0),
    charged   INTEGER NOT NULL CHECK (charged >= 0),
    PRIMARY KEY (workspace, team, kind, price)
) STRICT, WITHOUT ROWID;
