-- +goose Up

-- The events of a conversation were found by it only to empty them when it is deleted for good, and each change of any conversation paid for
-- that with one more page. Now they are looked for by a job.
DROP INDEX events_conversation;
CREATE TABLE event_erasures (
    conversation_id BIGINT PRIMARY KEY,
    since BIGINT NOT NULL,
    payload JSONB NOT NULL
);

-- What tells notes from other messages stands in the index of all messages of a conversation: a note is written into one index for two.
DROP INDEX messages_notes;
DROP INDEX messages_conversation;
CREATE INDEX messages_conversation ON messages (conversation_id, id DESC) INCLUDE (created_at, type, sender_id, private);

-- +goose Down
DROP INDEX messages_conversation;
CREATE INDEX messages_conversation ON messages (conversation_id, id DESC) INCLUDE (created_at, type, sender_id);
CREATE INDEX messages_notes ON messages (conversation_id, id DESC) WHERE private AND type = 'outgoing';
DROP TABLE event_erasures;
CREATE INDEX events_conversation ON events (conversation_id, id) WHERE conversation_id IS NOT NULL;
