-- +goose Up

-- What came back for a reply that had left: a list, one entry for each recipient of each report.
ALTER TABLE outbox ADD COLUMN bounces TEXT NOT NULL DEFAULT '[]';

-- Since when mail to a person's address comes back for good, and with which words.
ALTER TABLE users ADD COLUMN email_bounced_at BIGINT;
ALTER TABLE users ADD COLUMN email_bounce TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE users DROP COLUMN email_bounce;
ALTER TABLE users DROP COLUMN email_bounced_at;
ALTER TABLE outbox DROP COLUMN bounces;
