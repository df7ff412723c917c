-- +goose Up

-- A reply that was taken back, one of which something came back, and to whom of its recipients it need not go again.
ALTER TABLE outbox ADD COLUMN cancelled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE outbox ADD COLUMN bounced BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE outbox ADD COLUMN reached TEXT NOT NULL DEFAULT '[]';
UPDATE outbox SET bounced = TRUE WHERE EXISTS (SELECT 1 FROM json_each(outbox.bounces) b WHERE COALESCE(json_extract(b.value, '$.cleared'), 0) = 0);

-- The state as people see it.
ALTER TABLE outbox ADD COLUMN shown TEXT AS (CASE WHEN cancelled THEN 'cancelled' WHEN bounced AND state IN ('sent', 'failed') THEN 'bounced' ELSE state END) VIRTUAL;
CREATE INDEX outbox_shown ON outbox (shown, message_id);
CREATE INDEX outbox_inbox ON outbox (inbox_id, message_id);
CREATE INDEX outbox_inbox_shown ON outbox (inbox_id, shown, message_id);

-- How many replies an inbox may send in a minute, 0 for any number, and how far it has used that up.
CREATE TABLE outbox_paces (
    inbox_id BIGINT PRIMARY KEY REFERENCES inboxes (id) ON DELETE CASCADE,
    per_minute BIGINT NOT NULL,
    used_until BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE outbox_paces;
DROP INDEX outbox_inbox_shown;
DROP INDEX outbox_inbox;
DROP INDEX outbox_shown;
ALTER TABLE outbox DROP COLUMN shown;
ALTER TABLE outbox DROP COLUMN reached;
ALTER TABLE outbox DROP COLUMN bounced;
ALTER TABLE outbox DROP COLUMN cancelled;
