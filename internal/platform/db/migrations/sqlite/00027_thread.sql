-- +goose Up

-- The private notes of a conversation, by which its thread can be narrowed down.
CREATE INDEX messages_notes ON messages (conversation_id, id DESC) WHERE private AND type = 'outgoing';

-- The pages of a host's site that contacts looked at lately, for a day.
CREATE TABLE page_visits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    visited_at BIGINT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL
);
CREATE INDEX page_visits_contact ON page_visits (contact_id, id DESC);
CREATE INDEX page_visits_age ON page_visits (visited_at);

-- +goose Down
DROP TABLE page_visits;
DROP INDEX messages_notes;
