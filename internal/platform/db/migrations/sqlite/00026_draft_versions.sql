-- +goose Up

-- What drafts said before, a few of each, so that text that was deleted or replaced can be brought back.
CREATE TABLE draft_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    type TEXT NOT NULL CHECK (type IN ('reply', 'private_note')),
    content TEXT NOT NULL,
    meta TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX draft_versions_draft ON draft_versions (user_id, conversation_id, type, id);
CREATE INDEX draft_versions_conversation ON draft_versions (conversation_id);
CREATE INDEX draft_versions_age ON draft_versions (created_at);

-- +goose Down
DROP TABLE draft_versions;
