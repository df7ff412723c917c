-- +goose Up

-- Entries of the activity log may be deleted when they are older than the days that the setting says, of which there are at
-- least 30: whoever changes the setting leaves an entry that cannot be deleted for that long. Nothing else may be.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION activity_logs_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    days NUMERIC;
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT (value #>> '{}')::numeric INTO days FROM settings WHERE key = 'activity_log.retention_days' AND jsonb_typeof(value) = 'number';
        IF days >= 30 AND OLD.created_at < (extract(epoch FROM clock_timestamp()) - days * 86400) * 1000000 THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the activity log is append-only';
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION activity_logs_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the activity log is append-only';
END
$$;
-- +goose StatementEnd
