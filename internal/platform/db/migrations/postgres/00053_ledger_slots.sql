-- +goose Up
-- The counts of a mailbox are spread over several rows. Mails of one mailbox that are filed at the same time waited for each
-- other's commit at the two rows that each of them changes; now each connection has rows of its own, most of the time.
ALTER TABLE mail_ledger_counts ADD COLUMN slot SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE mail_ledger_counts DROP CONSTRAINT mail_ledger_counts_pkey, ADD PRIMARY KEY (mailbox_id, state, rule, slot);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION mail_ledger_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own CONSTANT SMALLINT := pg_backend_pid() % 16;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO mail_ledger_counts AS c (mailbox_id, state, rule, slot, total, present)
            SELECT OLD.mailbox_id, OLD.state, OLD.rule, own, -1, -OLD.on_server::int FROM mailboxes WHERE id = OLD.mailbox_id
            ON CONFLICT (mailbox_id, state, rule, slot) DO UPDATE SET total = c.total - 1, present = c.present + excluded.present;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO mail_ledger_counts AS c (mailbox_id, state, rule, slot, total, present) VALUES (NEW.mailbox_id, NEW.state, NEW.rule, own, 1, NEW.on_server::int)
            ON CONFLICT (mailbox_id, state, rule, slot) DO UPDATE SET total = c.total + 1, present = c.present + excluded.present;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION mail_ledger_count() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TEMPORARY TABLE sums AS SELECT mailbox_id, state, rule, sum(total) AS total, sum(present) AS present FROM mail_ledger_counts GROUP BY 1, 2, 3;
DELETE FROM mail_ledger_counts;
ALTER TABLE mail_ledger_counts DROP CONSTRAINT mail_ledger_counts_pkey, DROP COLUMN slot, ADD PRIMARY KEY (mailbox_id, state, rule);
INSERT INTO mail_ledger_counts (mailbox_id, state, rule, total, present) SELECT mailbox_id, state, rule, total, present FROM sums;
DROP TABLE sums;
