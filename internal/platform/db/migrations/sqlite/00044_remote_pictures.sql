-- +goose Up

-- Pictures that mails show from servers of strangers, fetched for readers who asked for them and kept for a few days. name: of
-- the blob, made of the address; an empty content_type: it is being fetched.
CREATE TABLE remote_pictures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    fetched_at BIGINT NOT NULL
);
CREATE INDEX remote_pictures_fetched ON remote_pictures (fetched_at, id);

-- +goose Down
DROP TABLE remote_pictures;
