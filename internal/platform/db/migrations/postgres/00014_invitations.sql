-- +goose Up

-- When an agent was last sent an invitation.
ALTER TABLE users ADD COLUMN invited_at BIGINT;

-- Who may be given work, without reading the customers who share the table.
CREATE INDEX users_staff ON users (first_name, last_name, id) WHERE type IN ('agent', 'ai_assistant') AND deleted_at IS NULL;

-- +goose Down
DROP INDEX users_staff;
ALTER TABLE users DROP COLUMN invited_at;
