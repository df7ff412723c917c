-- +goose Up
-- The orders of the lists where no status is chosen.
CREATE INDEX conversations_any_created ON conversations (created_at DESC, id DESC) WHERE status_id > 0;
CREATE INDEX conversations_any_waiting ON conversations (waiting_since, id) WHERE status_id > 0;
CREATE INDEX conversations_any_priority ON conversations (priority_id DESC, id DESC) WHERE status_id > 0;
CREATE INDEX conversations_any_sla ON conversations (next_sla_deadline_at, id) WHERE status_id > 0;
CREATE INDEX conversations_team_inbox ON conversations (assigned_team_id, last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NOT NULL AND status_id > 0;

-- What is in spam and trash of a team, of an agent and of nobody.
CREATE INDEX conversations_hidden ON conversations (status_id, assigned_team_id, assigned_user_id) WHERE status_id < 0;

-- +goose Down
DROP INDEX conversations_hidden;
DROP INDEX conversations_team_inbox;
DROP INDEX conversations_any_sla;
DROP INDEX conversations_any_priority;
DROP INDEX conversations_any_waiting;
DROP INDEX conversations_any_created;
