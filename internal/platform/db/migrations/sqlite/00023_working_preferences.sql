-- +goose Up

-- How an agent likes to work, as JSON; what is not in it is the default.
ALTER TABLE users ADD COLUMN preferences TEXT NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE users DROP COLUMN preferences;
