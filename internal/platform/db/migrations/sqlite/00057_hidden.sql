-- +goose Up

-- hidden_at is set where the status is one of those below zero, and nowhere else. The indexes of what is not hidden said so by the status:
-- SQLite writes an index anew whenever a column of its condition changes, and so did with all of these for every change of a status.
UPDATE conversations SET hidden_at = updated_at WHERE status_id < 0 AND hidden_at IS NULL;

DROP INDEX conversations_recent;
DROP INDEX conversations_agent_recent;
DROP INDEX conversations_unassigned_recent;
DROP INDEX conversations_team_inbox;
DROP INDEX conversations_any_created;
DROP INDEX conversations_any_waiting;
DROP INDEX conversations_any_priority;
DROP INDEX conversations_any_sla;

-- What is nobody's is that part of the indexes of teams which has no team. What has no agent is walked to in a list of one status only.
DROP INDEX conversations_unassigned;

CREATE INDEX conversations_recent ON conversations (last_message_at DESC, id DESC) WHERE hidden_at IS NULL;
CREATE INDEX conversations_agent_recent ON conversations (assigned_user_id, last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NOT NULL AND hidden_at IS NULL;
CREATE INDEX conversations_team_inbox ON conversations (assigned_team_id, last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND hidden_at IS NULL;
CREATE INDEX conversations_any_created ON conversations (created_at DESC, id DESC) WHERE hidden_at IS NULL;
CREATE INDEX conversations_any_waiting ON conversations (waiting_since, id) WHERE hidden_at IS NULL;
CREATE INDEX conversations_any_priority ON conversations (priority_id DESC, id DESC) WHERE hidden_at IS NULL;
CREATE INDEX conversations_any_sla ON conversations (next_sla_deadline_at, id) WHERE hidden_at IS NULL;

-- +goose Down

DROP INDEX conversations_any_sla;
DROP INDEX conversations_any_priority;
DROP INDEX conversations_any_waiting;
DROP INDEX conversations_any_created;
DROP INDEX conversations_team_inbox;
DROP INDEX conversations_agent_recent;
DROP INDEX conversations_recent;
CREATE INDEX conversations_unassigned ON conversations (status_id, last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NULL;
CREATE INDEX conversations_recent ON conversations (last_message_at DESC, id DESC) WHERE status_id > 0;
CREATE INDEX conversations_agent_recent ON conversations (assigned_user_id, last_message_at DESC, id DESC) WHERE status_id > 0;
CREATE INDEX conversations_unassigned_recent ON conversations (last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NULL AND status_id > 0;
CREATE INDEX conversations_team_inbox ON conversations (assigned_team_id, last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NOT NULL AND status_id > 0;
CREATE INDEX conversations_any_created ON conversations (created_at DESC, id DESC) WHERE status_id > 0;
CREATE INDEX conversations_any_waiting ON conversations (waiting_since, id) WHERE status_id > 0;
CREATE INDEX conversations_any_priority ON conversations (priority_id DESC, id DESC) WHERE status_id > 0;
CREATE INDEX conversations_any_sla ON conversations (next_sla_deadline_at, id) WHERE status_id > 0;
