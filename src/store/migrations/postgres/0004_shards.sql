-- A fleet is divided among replicas. Each is a member with one row of its own, every write depends on that row, and every part of
-- the fleet (a shard) is with one member.
-- An older version that still runs can from now on neither write nor take or keep a lease: the table that each of its statements
-- asks is gone, and it ends.

-- Each joining is an epoch of its own, and so is each change of hands of a shard.
CREATE SEQUENCE member_epochs;
CREATE TABLE members (
    holder     TEXT COLLATE "C" PRIMARY KEY,
    epoch      BIGINT NOT NULL CHECK (epoch > 0),
    expires_at TIMESTAMPTZ NOT NULL,
    joined_at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- What a member had is free once its row is gone.
CREATE TABLE shards (
    shard  BIGINT PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),
    holder TEXT COLLATE "C" REFERENCES members (holder) ON DELETE SET NULL,
    epoch  BIGINT NOT NULL DEFAULT 0
);
INSERT INTO shards (shard) SELECT generate_series(0, 63);
CREATE INDEX shards_of ON shards (holder);

-- What of the older version acts may still have a request on its way: it keeps the whole fleet until its lease is over.
INSERT INTO members (holder, epoch, expires_at)
    SELECT holder, nextval('member_epochs'), expires_at FROM leases WHERE expires_at > clock_timestamp() LIMIT 1;
UPDATE shards SET holder = members.holder, epoch = 1 FROM members;
DROP TABLE leases;
DROP TABLE published;

-- What each member last showed of its part of the fleet, for the others to show.
CREATE TABLE shown (
    holder TEXT COLLATE "C" PRIMARY KEY REFERENCES members (holder) ON DELETE CASCADE,
    at     TEXT COLLATE "C" NOT NULL,
    view   TEXT COLLATE "C" NOT NULL
);

-- The freeze switch of all replicas: they are frozen while there is a row.
CREATE TABLE freezes (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    who TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL
);

-- Every replica asks which warnings arrived since it last asked.
CREATE INDEX messages_delivered ON messages (delivered_at) WHERE delivered_at IS NOT NULL;
