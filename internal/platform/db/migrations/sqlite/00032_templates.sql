-- +goose Up

-- Texts of mails. One that comes with the program is at its own text, of which nothing is kept here, until somebody
-- changes it; last_error says why it could not be used for a mail since it was saved last.
CREATE TABLE templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('email_outgoing', 'email_notification')),
    name TEXT NOT NULL UNIQUE,
    subject TEXT,
    body TEXT NOT NULL DEFAULT '',
    is_default BOOLEAN NOT NULL DEFAULT FALSE,
    is_builtin BOOLEAN NOT NULL DEFAULT FALSE,
    is_modified BOOLEAN NOT NULL DEFAULT FALSE,
    last_error TEXT,
    last_error_at BIGINT
);
CREATE UNIQUE INDEX templates_default ON templates (is_default) WHERE is_default;

INSERT INTO templates (created_at, updated_at, type, name, is_builtin)
SELECT now.at, now.at, 'email_notification', names.name, TRUE
FROM (SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000000 AS at) AS now,
    (SELECT 'Conversation assigned' AS name UNION ALL SELECT 'Mentioned in conversation' UNION ALL SELECT 'SLA breach warning'
        UNION ALL SELECT 'SLA breached' UNION ALL SELECT 'CSAT request') AS names;

-- +goose Down
DROP TABLE templates;
