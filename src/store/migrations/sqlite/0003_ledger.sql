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
CREATE INDEX meters_running ON meters (workspace) WHERE state = 'running';
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

-- Levels of allowances, each reached once a month, whatever clocks and corrections do after. Another allowance has levels of
-- its own, and so has a policy that came to enforce.
CREATE TABLE budget_marks (
    policy   TEXT NOT NULL,
    scope    TEXT NOT NULL,
    month    TEXT NOT NULL,
    level    INTEGER NOT NULL,
    allowed  TEXT NOT NULL,
    enforced INTEGER NOT NULL CHECK (enforced IN (0, 1)),
    name     TEXT NOT NULL,
    at       TEXT NOT NULL,
    spent    TEXT NOT NULL,
    PRIMARY KEY (month, policy, scope, level, allowed, enforced)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER budget_marks_stand BEFORE UPDATE ON budget_marks
BEGIN SELECT RAISE(ABORT, 'a level is reached once: its mark stands'); END;
CREATE TRIGGER budget_marks_stay BEFORE DELETE ON budget_marks
BEGIN SELECT RAISE(ABORT, 'a level is reached once: its mark stays'); END;

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

-- Every time a bill was had: whose, of which days, from whom. A workspace that it leaves out was billed nothing then.
CREATE TABLE bill_fetches (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    source       TEXT NOT NULL CHECK (source IN ('cost_management', 'folder')),
    name         TEXT NOT NULL,
    subscription TEXT NOT NULL,
    first_day    TEXT NOT NULL,
    last_day     TEXT NOT NULL,
    fetched_at   TEXT NOT NULL,
    digest       BLOB NOT NULL,
    CHECK (first_day <= last_day)
) STRICT;
CREATE INDEX bill_fetches_of ON bill_fetches (subscription, last_day);
CREATE TRIGGER bill_fetches_stand BEFORE UPDATE ON bill_fetches
BEGIN SELECT RAISE(ABORT, 'bills are append-only: a later bill is a new row'); END;
CREATE TRIGGER bill_fetches_stay BEFORE DELETE ON bill_fetches
BEGIN SELECT RAISE(ABORT, 'bills are append-only: no row is deleted'); END;

-- What was billed, in decimals as they were written. Of a workspace's day the lines of the newest fetch count; it is only
-- written where it says something else than the one before. No meter: nothing is billed any more.
CREATE TABLE bills (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    fetch     INTEGER NOT NULL REFERENCES bill_fetches (id),
    workspace TEXT NOT NULL,
    day       TEXT NOT NULL,
    meter     TEXT,
    category  TEXT NOT NULL,
    currency  TEXT NOT NULL,
    amount    TEXT NOT NULL,
    quantity  TEXT
) STRICT;
CREATE INDEX bills_of ON bills (day, workspace, fetch);
CREATE TRIGGER bills_stand BEFORE UPDATE ON bills
BEGIN SELECT RAISE(ABORT, 'bills are append-only: a later bill is a new row'); END;
CREATE TRIGGER bills_stay BEFORE DELETE ON bills
BEGIN SELECT RAISE(ABORT, 'bills are append-only: no row is deleted'); END;

-- Bill against ledger. Amounts are exact: billionths of a unit times seconds of an hour. A later row of the same
-- workspace, day and part stands in an earlier one's place.
CREATE TABLE reconciled (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace        TEXT NOT NULL,
    day              TEXT NOT NULL,
    part             TEXT NOT NULL,
    billed           TEXT NOT NULL,
    billed_currency  TEXT NOT NULL,
    metered          TEXT NOT NULL,
    metered_currency TEXT NOT NULL,
    billed_seconds   INTEGER,
    metered_seconds  INTEGER NOT NULL,
    cause            TEXT NOT NULL,
    at               TEXT NOT NULL
) STRICT;
CREATE INDEX reconciled_of ON reconciled (day, workspace, part, seq);
CREATE TRIGGER reconciled_stand BEFORE UPDATE ON reconciled
BEGIN SELECT RAISE(ABORT, 'comparisons are append-only: a later one is a new row'); END;
CREATE TRIGGER reconciled_stay BEFORE DELETE ON reconciled
BEGIN SELECT RAISE(ABORT, 'comparisons are append-only: no row is deleted'); END;
