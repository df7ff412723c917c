-- +goose Up

-- The activity log is only ever added to, and read from the newest entry on: by time alone, or one type's, one actor's,
-- one target's or one address's entries.
CREATE INDEX activity_logs_time ON activity_logs (created_at, id);
CREATE INDEX activity_logs_type ON activity_logs (activity_type, created_at, id);
CREATE INDEX activity_logs_actor ON activity_logs (actor_id, created_at, id);
CREATE INDEX activity_logs_target ON activity_logs (target_model_type, target_model_id, created_at, id);
CREATE INDEX activity_logs_ip ON activity_logs (ip, created_at, id);

-- +goose StatementBegin
CREATE TRIGGER activity_logs_no_update BEFORE UPDATE ON activity_logs BEGIN
    SELECT RAISE(ABORT, 'the activity log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER activity_logs_no_delete BEFORE DELETE ON activity_logs BEGIN
    SELECT RAISE(ABORT, 'the activity log is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER activity_logs_no_delete;
DROP TRIGGER activity_logs_no_update;
DROP INDEX activity_logs_ip;
DROP INDEX activity_logs_target;
DROP INDEX activity_logs_actor;
DROP INDEX activity_logs_type;
DROP INDEX activity_logs_time;
