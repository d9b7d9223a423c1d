-- How often the journal was written: every turn counts. A server that has confirmed a turn and knows less of them afterwards has lost
-- what was written, as one does that took over from another without its last commits.
ALTER TABLE pen ADD COLUMN turns BIGINT NOT NULL DEFAULT 0;
-- How many were lost, as the first that noticed it wrote down. While it is not 0 nobody writes or acts: a person takes it back.
ALTER TABLE pen ADD COLUMN lost BIGINT NOT NULL DEFAULT 0;
