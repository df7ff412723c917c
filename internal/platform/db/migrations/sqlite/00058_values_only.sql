-- +goose Up

-- Most conversations have no deadline, many no priority, and nobody waits in most. Each had an entry without a value in three indexes that are
-- in the order of those values, and a change of status wrote all of them anew. Such conversations come last in those orders, and are now read
-- from the index of when they were made.
DROP INDEX conversations_waiting;
DROP INDEX conversations_priority;
DROP INDEX conversations_sla;
CREATE INDEX conversations_waiting ON conversations (status_id, waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX conversations_priority ON conversations (status_id, priority_id DESC, id DESC) WHERE priority_id IS NOT NULL;
CREATE INDEX conversations_sla ON conversations (status_id, next_sla_deadline_at, id) WHERE next_sla_deadline_at IS NOT NULL;

-- +goose Down

DROP INDEX conversations_sla;
DROP INDEX conversations_priority;
DROP INDEX conversations_waiting;
CREATE INDEX conversations_waiting ON conversations (status_id, waiting_since, id);
CREATE INDEX conversations_priority ON conversations (status_id, priority_id DESC, id DESC);
CREATE INDEX conversations_sla ON conversations (status_id, next_sla_deadline_at, id);
