-- +goose Up

-- Who may be one person: the same mailbox in another spelling, the same number, the same name. The expressions are those of
-- package contact, or its searches would read every contact.
CREATE INDEX users_people_mailbox ON users ((regexp_replace(lower(email), '^([^+@]+)[+][^@]*@', '\1@'))) WHERE type IN ('contact', 'visitor') AND deleted_at IS NULL;
CREATE INDEX users_people_phone ON users ((replace(replace(replace(replace(replace(replace(replace(phone_number, ' ', ''), '-', ''), '(', ''), ')', ''), '.', ''), '/', ''), '+', ''))) WHERE type IN ('contact', 'visitor') AND deleted_at IS NULL AND phone_number IS NOT NULL;
CREATE INDEX users_people_name ON users (lower(first_name), lower(last_name)) WHERE type IN ('contact', 'visitor') AND deleted_at IS NULL;

-- Two contacts of whom an agent said that they are two people.
CREATE TABLE contact_distinct (
    low BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    high BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    PRIMARY KEY (low, high)
);
CREATE INDEX contact_distinct_high ON contact_distinct (high);
CREATE INDEX contact_distinct_user ON contact_distinct (user_id) WHERE user_id IS NOT NULL;

-- +goose Down
DROP TABLE contact_distinct;
DROP INDEX users_people_name;
DROP INDEX users_people_phone;
DROP INDEX users_people_mailbox;
