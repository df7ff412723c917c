-- +goose Up

-- Spam and trash are statuses of their own, so that every list and counter kept by status knows them. Their ids are below
-- zero: a list that does not ask for them has the condition status_id > 0, which its index is limited to.
UPDATE statuses SET name = name || ' (2)' WHERE name IN ('Spam', 'Trash');
INSERT INTO statuses (id, created_at, name, category) VALUES (-1, 0, 'Spam', 'resolved'), (-2, 0, 'Trash', 'resolved');

-- What a conversation in spam or trash goes back to, and since when it is there.
ALTER TABLE conversations ADD COLUMN status_before_hidden BIGINT;
ALTER TABLE conversations ADD COLUMN snoozed_before_hidden BIGINT;
ALTER TABLE conversations ADD COLUMN hidden_at BIGINT;
CREATE INDEX conversations_trash ON conversations (hidden_at, id) WHERE status_id = -2;

-- Lists of any status pass over what is hidden, however much it is.
DROP INDEX conversations_recent;
CREATE INDEX conversations_recent ON conversations (last_message_at DESC, id DESC) WHERE status_id > 0;
DROP INDEX conversations_agent_recent;
CREATE INDEX conversations_agent_recent ON conversations (assigned_user_id, last_message_at DESC, id DESC) WHERE status_id > 0;
DROP INDEX conversations_unassigned_recent;
CREATE INDEX conversations_unassigned_recent ON conversations (last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NULL AND status_id > 0;

-- When a conversation was resolved and when it was opened again, each time.
CREATE TABLE conversation_resolutions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    resolved_at BIGINT NOT NULL,
    resolved_by BIGINT NOT NULL,
    reopened_at BIGINT
);
CREATE INDEX conversation_resolutions_conversation ON conversation_resolutions (conversation_id, id);

-- The SHA-256 of the Message-IDs of what was deleted for good, so that no mailbox brings it back.
CREATE TABLE purged_sources (
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    source_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (inbox_id, source_hash)
);

-- What refers to a conversation or a message is found when that is deleted.
CREATE INDEX mail_ledger_message ON mail_ledger (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX mentions_message ON mentions (message_id);
CREATE INDEX mentions_conversation ON mentions (conversation_id);
CREATE INDEX drafts_conversation ON drafts (conversation_id);
CREATE INDEX outbox_of_conversation ON outbox (conversation_id);

-- What comes to or from spam and trash leaves or enters the index of the search.
-- +goose StatementBegin
CREATE TRIGGER search_conversation_hidden AFTER UPDATE OF status_id ON conversations WHEN (OLD.status_id > 0) <> (NEW.status_id > 0) BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('conversation', NEW.id);
    INSERT INTO search_queue (kind, id) SELECT 'message', m.id FROM messages m WHERE m.conversation_id = NEW.id AND m.type <> 'activity';
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER search_conversation_hidden;
DROP INDEX outbox_of_conversation;
DROP INDEX drafts_conversation;
DROP INDEX mentions_conversation;
DROP INDEX mentions_message;
DROP INDEX mail_ledger_message;
DROP TABLE purged_sources;
DROP TABLE conversation_resolutions;
DROP INDEX conversations_unassigned_recent;
CREATE INDEX conversations_unassigned_recent ON conversations (last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NULL;
DROP INDEX conversations_agent_recent;
CREATE INDEX conversations_agent_recent ON conversations (assigned_user_id, last_message_at DESC, id DESC);
DROP INDEX conversations_recent;
CREATE INDEX conversations_recent ON conversations (last_message_at DESC, id DESC);
DROP INDEX conversations_trash;
ALTER TABLE conversations DROP COLUMN hidden_at;
ALTER TABLE conversations DROP COLUMN snoozed_before_hidden;
ALTER TABLE conversations DROP COLUMN status_before_hidden;
DELETE FROM statuses WHERE id < 0;
