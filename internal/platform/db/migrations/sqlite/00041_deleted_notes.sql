-- +goose Up

-- What a private note said that was deleted a moment ago, while its deleting can be undone.
CREATE TABLE deleted_notes (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    deleted_by BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL,
    content TEXT NOT NULL,
    text_content TEXT NOT NULL,
    content_type TEXT NOT NULL,
    meta TEXT NOT NULL,
    files TEXT NOT NULL DEFAULT '[]'
);

-- +goose Down
DROP TABLE deleted_notes;
