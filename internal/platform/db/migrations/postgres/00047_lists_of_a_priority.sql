-- +goose Up
-- What is of one status and one priority, in the order of the lists.
CREATE INDEX conversations_priority_recent ON conversations (status_id, priority_id, last_message_at DESC, id DESC)
    WHERE priority_id IS NOT NULL;
-- +goose Down
DROP INDEX conversations_priority_recent;
