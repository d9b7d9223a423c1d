-- Each channel delivers its own messages, so the outbox is asked for them by channel: one that is down, with thousands
-- waiting for it, must not stand before the others.
ALTER TABLE messages ADD COLUMN channel TEXT AS (json_extract(body, '$.channel')) VIRTUAL;
DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (channel, kind <> 'warning', at, id) WHERE next_try_at IS NOT NULL;
-- What happened to one instance is read for people.
CREATE INDEX messages_of ON messages (instance, at);
CREATE INDEX attempts_of ON attempts (instance, intended_at);
