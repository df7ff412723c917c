-- +goose Up

-- Of each conversation the mails that repeat what it has: they are left out of its messages and of their number.
CREATE INDEX messages_repeating ON messages (conversation_id) WHERE type = 'activity' AND source_id IS NOT NULL;

-- +goose Down
DROP INDEX messages_repeating;
