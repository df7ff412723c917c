-- +goose Up

-- The browsers that an agent is told things on while the desk is closed (RFC 8030). An endpoint belongs to whoever
-- subscribed last: a browser is one agent's at a time. with_text: what customers write may pass the browser's push service.
CREATE TABLE push_devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    with_text BOOLEAN NOT NULL DEFAULT FALSE,
    last_used_at BIGINT
);
CREATE INDEX push_devices_user ON push_devices (user_id);

-- +goose Down
DROP TABLE push_devices;
