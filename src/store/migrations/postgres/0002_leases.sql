-- Who of several replicas acts. Whoever takes the lease begins another epoch; what an earlier one still wants to write is refused.
CREATE TABLE leases (
    name       TEXT COLLATE "C" PRIMARY KEY,
    holder     TEXT COLLATE "C" NOT NULL,
    epoch      BIGINT NOT NULL CHECK (epoch > 0),
    expires_at TIMESTAMPTZ NOT NULL
);

-- What the acting replica last showed of the fleet, for the others to show.
CREATE TABLE published (
    one    BIGINT PRIMARY KEY CHECK (one = 1),
    holder TEXT COLLATE "C" NOT NULL,
    at     TEXT COLLATE "C" NOT NULL,
    view   TEXT COLLATE "C" NOT NULL
);
