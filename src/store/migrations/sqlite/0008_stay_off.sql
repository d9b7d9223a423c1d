-- A hold may also be to stay off: it keeps nothing on, and while it lasts nothing is started at the beginning of hours.
ALTER TABLE holds ADD COLUMN stay_off INTEGER NOT NULL DEFAULT 0 CHECK (stay_off IN (0, 1));
