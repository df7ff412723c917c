-- +goose Up

-- Identity providers for single sign-on. client_id and client_secret are encrypted.
CREATE TABLE oidc_providers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_url TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    logo_url TEXT NOT NULL DEFAULT '',
    auto_provision BOOLEAN NOT NULL DEFAULT FALSE,
    default_role_id BIGINT REFERENCES roles (id) ON DELETE SET NULL,
    allowed_domains TEXT NOT NULL DEFAULT '[]',
    last_success_at BIGINT,
    last_error_at BIGINT,
    last_error TEXT NOT NULL DEFAULT '',
    last_error_detail TEXT NOT NULL DEFAULT ''
);

-- Sign-ins that have gone to a provider and are not back. Only hashes: what proves that a browser began one stays in it.
CREATE TABLE oidc_sign_ins (
    state_hash TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    provider_id BIGINT NOT NULL REFERENCES oidc_providers (id) ON DELETE CASCADE,
    next TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oidc_sign_ins_provider ON oidc_sign_ins (provider_id);
CREATE INDEX oidc_sign_ins_expiry ON oidc_sign_ins (expires_at);

-- Which account of a provider belongs to which agent, by what never changes: issuer and subject.
CREATE TABLE oidc_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX oidc_identities_user ON oidc_identities (user_id, issuer);

-- +goose Down
DROP TABLE oidc_identities;
DROP TABLE oidc_sign_ins;
DROP TABLE oidc_providers;
