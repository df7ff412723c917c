-- +goose Up

-- By which rule a mail was settled, and whether the server still holds it.
ALTER TABLE mail_ledger ADD COLUMN rule TEXT NOT NULL DEFAULT '';
ALTER TABLE mail_ledger ADD COLUMN on_server BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE mail_ledger SET rule = CASE
    WHEN reason LIKE 'loop:%' THEN 'loop' WHEN reason LIKE 'automatic answer%' THEN 'automatic'
    WHEN reason LIKE 'delivery report%' THEN 'report' WHEN reason LIKE 'blocked:%' THEN 'blocked' WHEN reason = 'purged' THEN 'purged'
    WHEN reason LIKE 'larger than%' THEN 'large' WHEN reason LIKE '%no sender%' THEN 'no_sender' WHEN state = 'quarantined' THEN 'unreadable'
    ELSE '' END
    WHERE state IN ('ignored', 'quarantined');

-- What of a mailbox the server holds and was left out because it is older than the beginning; when server and ledger were
-- compared; what is wrong in words of the catalogue; since when people were told that it is not read.
ALTER TABLE mailboxes ADD COLUMN left_out BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN compared_at BIGINT;
ALTER TABLE mailboxes ADD COLUMN last_problem TEXT NOT NULL DEFAULT '';
ALTER TABLE mailboxes ADD COLUMN alarmed_at BIGINT;

DROP INDEX mail_ledger_state;
CREATE INDEX mail_ledger_mailbox ON mail_ledger (mailbox_id, id);
CREATE INDEX mail_ledger_state ON mail_ledger (mailbox_id, state, id);
CREATE INDEX mail_ledger_rule ON mail_ledger (mailbox_id, rule, id) WHERE rule <> '';
CREATE INDEX mail_ledger_present ON mail_ledger (mailbox_id, uid_validity, uid) WHERE on_server;

-- How many mails of a mailbox are in each state, by rule, and how many of them the server still holds.
CREATE TABLE mail_ledger_counts (
    mailbox_id BIGINT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    rule TEXT NOT NULL,
    total BIGINT NOT NULL,
    present BIGINT NOT NULL,
    PRIMARY KEY (mailbox_id, state, rule)
);
INSERT INTO mail_ledger_counts (mailbox_id, state, rule, total, present)
    SELECT mailbox_id, state, rule, count(*), count(*) FILTER (WHERE on_server) FROM mail_ledger GROUP BY mailbox_id, state, rule;
-- +goose StatementBegin
CREATE FUNCTION mail_ledger_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE mail_ledger_counts SET total = total - 1, present = present - OLD.on_server::int
            WHERE mailbox_id = OLD.mailbox_id AND state = OLD.state AND rule = OLD.rule;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO mail_ledger_counts AS c (mailbox_id, state, rule, total, present) VALUES (NEW.mailbox_id, NEW.state, NEW.rule, 1, NEW.on_server::int)
            ON CONFLICT (mailbox_id, state, rule) DO UPDATE SET total = c.total + 1, present = c.present + excluded.present;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER mail_ledger_entered AFTER INSERT ON mail_ledger FOR EACH ROW EXECUTE FUNCTION mail_ledger_count();
CREATE TRIGGER mail_ledger_moved AFTER UPDATE OF state, rule, on_server ON mail_ledger
    FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.rule <> NEW.rule OR OLD.on_server <> NEW.on_server) EXECUTE FUNCTION mail_ledger_count();
CREATE TRIGGER mail_ledger_gone AFTER DELETE ON mail_ledger FOR EACH ROW EXECUTE FUNCTION mail_ledger_count();

-- +goose Down
DROP TRIGGER mail_ledger_gone ON mail_ledger;
DROP TRIGGER mail_ledger_moved ON mail_ledger;
DROP TRIGGER mail_ledger_entered ON mail_ledger;
DROP FUNCTION mail_ledger_count();
DROP TABLE mail_ledger_counts;
DROP INDEX mail_ledger_present;
DROP INDEX mail_ledger_rule;
DROP INDEX mail_ledger_state;
DROP INDEX mail_ledger_mailbox;
CREATE INDEX mail_ledger_state ON mail_ledger (mailbox_id, state);
ALTER TABLE mailboxes DROP COLUMN alarmed_at;
ALTER TABLE mailboxes DROP COLUMN last_problem;
ALTER TABLE mailboxes DROP COLUMN compared_at;
ALTER TABLE mailboxes DROP COLUMN left_out;
ALTER TABLE mail_ledger DROP COLUMN on_server;
ALTER TABLE mail_ledger DROP COLUMN rule;
