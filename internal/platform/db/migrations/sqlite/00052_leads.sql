-- +goose Up

-- The conversation that the first mail of another answers without having joined it, and why it did not: its sender takes no part
-- there, or may be forged.
CREATE TABLE conversation_leads (
    conversation_id BIGINT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    reason TEXT NOT NULL CHECK (reason IN ('address', 'verdict'))
);
CREATE INDEX conversation_leads_target ON conversation_leads (target_id);

-- +goose Down
DROP TABLE conversation_leads;
