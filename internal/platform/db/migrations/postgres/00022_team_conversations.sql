-- +goose Up

-- All conversations of a team, whoever has them: what views of a team are found by.
CREATE INDEX conversations_team_recent ON conversations (assigned_team_id, last_message_at DESC, id DESC)
    WHERE assigned_team_id IS NOT NULL;

-- +goose Down
DROP INDEX conversations_team_recent;
