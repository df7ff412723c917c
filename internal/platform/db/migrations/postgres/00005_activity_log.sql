-- +goose Up

-- The activity log is only ever added to, and read from the newest entry on: by time alone, or one type's, one actor's,
-- one target's or one address's entries.
CREATE INDEX activity_logs_time ON activity_logs (created_at, id);
CREATE INDEX activity_logs_type ON activity_logs (activity_type, created_at, id);
CREATE INDEX activity_logs_actor ON activity_logs (actor_id, created_at, id);
CREATE INDEX activity_logs_target ON activity_logs (target_model_type, target_model_id, created_at, id);
CREATE INDEX activity_logs_ip ON activity_logs (ip, created_at, id);

-- +goose StatementBegin
CREATE FUNCTION activity_logs_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the activity log is append-only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER activity_logs_append_only BEFORE UPDATE OR DELETE ON activity_logs
    FOR EACH ROW EXECUTE FUNCTION activity_logs_refuse();
CREATE TRIGGER activity_logs_no_truncate BEFORE TRUNCATE ON activity_logs
    FOR EACH STATEMENT EXECUTE FUNCTION activity_logs_refuse();

-- +goose Down
DROP TRIGGER activity_logs_no_truncate ON activity_logs;
DROP TRIGGER activity_logs_append_only ON activity_logs;
DROP FUNCTION activity_logs_refuse();
DROP INDEX activity_logs_ip;
DROP INDEX activity_logs_target;
DROP INDEX activity_logs_actor;
DROP INDEX activity_logs_type;
DROP INDEX activity_logs_time;
