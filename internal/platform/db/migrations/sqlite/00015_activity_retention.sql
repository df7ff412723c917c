-- +goose Up

-- Entries of the activity log may be deleted when they are older than the days that the setting says, of which there are at
-- least 30: whoever changes the setting leaves an entry that cannot be deleted for that long. Nothing else may be.
DROP TRIGGER activity_logs_no_delete;
-- +goose StatementBegin
CREATE TRIGGER activity_logs_no_delete BEFORE DELETE ON activity_logs
WHEN NOT EXISTS (
    SELECT 1 FROM settings WHERE key = 'activity_log.retention_days' AND CAST(value AS INTEGER) >= 30
        AND OLD.created_at < (unixepoch('now') - CAST(value AS INTEGER) * 86400) * 1000000
)
BEGIN
    SELECT RAISE(ABORT, 'the activity log is append-only');
END;
-- +goose StatementEnd

-- INSERT OR REPLACE would delete the entry that is there without asking the other triggers.
-- +goose StatementBegin
CREATE TRIGGER activity_logs_no_replace BEFORE INSERT ON activity_logs
WHEN EXISTS (SELECT 1 FROM activity_logs WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the activity log is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER activity_logs_no_replace;
DROP TRIGGER activity_logs_no_delete;
-- +goose StatementBegin
CREATE TRIGGER activity_logs_no_delete BEFORE DELETE ON activity_logs BEGIN
    SELECT RAISE(ABORT, 'the activity log is append-only');
END;
-- +goose StatementEnd
