-- +goose Up

-- Connections of mailboxes that have gone to a provider and are not back. Only the hash of the state is kept, and the
-- client's secret is encrypted; session_id is 0 when an API key began it.
CREATE TABLE inbox_oauth_begun (
    state_hash TEXT PRIMARY KEY,
    agent_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id BIGINT NOT NULL,
    provider TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    flow_type TEXT NOT NULL,
    inbox_id BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX inbox_oauth_begun_agent ON inbox_oauth_begun (agent_id);
CREATE INDEX inbox_oauth_begun_expiry ON inbox_oauth_begun (expires_at);

-- Why a mailbox's token could not be renewed, until it can. It is about the grant whose hash is here and no other.
CREATE TABLE inbox_oauth_failures (
    inbox_id BIGINT PRIMARY KEY REFERENCES inboxes (id) ON DELETE CASCADE,
    grant_hash TEXT NOT NULL,
    failed_at BIGINT NOT NULL,
    failure TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- +goose Down
DROP TABLE inbox_oauth_failures;
DROP TABLE inbox_oauth_begun;
