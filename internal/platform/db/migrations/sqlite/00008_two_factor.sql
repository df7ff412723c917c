-- +goose Up

-- Whether those who hold a role must have a second factor.
ALTER TABLE roles ADD COLUMN require_two_factor BOOLEAN NOT NULL DEFAULT FALSE;

-- One authenticator app for each agent. The secret is encrypted; last_step is the newest time step whose code was used.
CREATE TABLE agent_totp (
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL DEFAULT 0
);

-- Recovery codes that are not used yet, as keyed hashes.
CREATE TABLE agent_recovery_codes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE agent_passkeys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    credential TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX agent_passkeys_user ON agent_passkeys (user_id);

-- What is asked and not answered yet: sign-ins that wait for a second factor, ceremonies of passkeys. Found by the
-- SHA-256 of a token that only the browser has.
CREATE TABLE agent_challenges (
    token_hash TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX agent_challenges_expiry ON agent_challenges (expires_at);
CREATE INDEX agent_challenges_user ON agent_challenges (user_id);

-- Wrong codes since the last right one, by agent: each node slows down guessing alike.
CREATE TABLE agent_code_failures (
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    failures BIGINT NOT NULL DEFAULT 0,
    blocked_until BIGINT NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE agent_code_failures;
DROP TABLE agent_challenges;
DROP TABLE agent_passkeys;
DROP TABLE agent_recovery_codes;
DROP TABLE agent_totp;
ALTER TABLE roles DROP COLUMN require_two_factor;
