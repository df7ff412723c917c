-- +goose Up
-- Whether the name of a contact is only the first part of their address, because nobody said another.
ALTER TABLE users ADD COLUMN name_made_up BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET name_made_up = TRUE
    WHERE type = 'contact' AND last_name = '' AND first_name <> '' AND substr(email, 1, length(first_name) + 1) = first_name || '@';
-- +goose Down
ALTER TABLE users DROP COLUMN name_made_up;
