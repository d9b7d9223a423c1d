-- What a hold costs, as JSON; whose monthly allowance it counts for; and the link that it was made with: one link makes one hold.
ALTER TABLE holds ADD COLUMN price TEXT;
ALTER TABLE holds ADD COLUMN payer TEXT NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN link TEXT;
CREATE UNIQUE INDEX holds_link ON holds (link) WHERE link IS NOT NULL;
CREATE INDEX holds_made ON holds (made_at);
