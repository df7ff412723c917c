-- +goose Up

-- How sending fares of an inbox that was once let down by its servers. failing_since: no reply has left since then; null when one
-- has. alarmed_at: since when people were told, until they are told that it is over.
CREATE TABLE outbox_troubles (
    inbox_id BIGINT PRIMARY KEY REFERENCES inboxes (id) ON DELETE CASCADE,
    failing_since BIGINT,
    failed_at BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    last_problem TEXT NOT NULL,
    alarmed_at BIGINT
);

-- What is told of an inbox rather than of a conversation.
ALTER TABLE user_notifications ADD COLUMN inbox_id BIGINT REFERENCES inboxes (id) ON DELETE CASCADE;
CREATE INDEX user_notifications_inbox ON user_notifications (inbox_id) WHERE inbox_id IS NOT NULL;

-- +goose Down
DROP INDEX user_notifications_inbox;
ALTER TABLE user_notifications DROP COLUMN inbox_id;
DROP TABLE outbox_troubles;
