-- +goose Up

-- Sign-ins that failed lately, by the hash of what was guessed at: an account, whether it exists or not, or the address
-- that guesses. Only failures write here, so that signing in costs one read more.
CREATE TABLE sign_in_failures (
    subject TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_last ON sign_in_failures (last_at);
