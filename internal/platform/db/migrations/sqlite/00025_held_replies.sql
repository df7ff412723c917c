-- +goose Up

-- Replies that agents have sent and that leave later: they can be taken back until then. A row is deleted in the
-- transaction that stores the message, or gives its text back. request is what is to be sent, as JSON; known is the newest
-- message of the conversation when it was held.
CREATE TABLE held_replies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    uuid TEXT NOT NULL UNIQUE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    sender_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    echo_id TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('undo', 'scheduled')),
    send_at BIGINT NOT NULL,
    known BIGINT NOT NULL,
    stopped TEXT NOT NULL DEFAULT '',
    request TEXT NOT NULL
);
CREATE INDEX held_replies_conversation ON held_replies (conversation_id, send_at);
CREATE INDEX held_replies_sender ON held_replies (sender_id);
CREATE UNIQUE INDEX held_replies_echo ON held_replies (conversation_id, sender_id, echo_id) WHERE echo_id IS NOT NULL;

-- +goose Down
DROP TABLE held_replies;
