-- +goose Up

-- Mails of a mailbox up to this UID are older than its beginning and left out; unknown for one that began before.
ALTER TABLE mailboxes ADD COLUMN begins_after BIGINT;

-- +goose Down
ALTER TABLE mailboxes DROP COLUMN begins_after;
