-- +goose Up

-- What an agent chose for themselves; null is what the desk is set to.
ALTER TABLE users ADD COLUMN language TEXT;
ALTER TABLE users ADD COLUMN timezone TEXT;

-- +goose Down
ALTER TABLE users DROP COLUMN timezone;
ALTER TABLE users DROP COLUMN language;
