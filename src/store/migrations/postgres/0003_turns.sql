-- How often the journal was written: every turn counts. A server that has confirmed a turn and knows less of them afterwards has lost
-- what was written, as one does that took over from another without its last commits.
ALTER TABLE pen ADD COLUMN turns BIGINT NOT NULL DEFAULT 0;
