-- +goose Up

-- When unseen messages of a chat were last sent to its contact by mail.
ALTER TABLE conversations ADD COLUMN last_continuity_email_sent_at BIGINT;

-- Chats with a public message that left since their contact was last told of all of them. What puts one here is a trigger, so
-- that no way to write is forgotten; it goes when its contact has seen everything or was told by mail.
CREATE TABLE unseen_chats (
    conversation_id BIGINT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE
);
CREATE INDEX unseen_chats_inbox ON unseen_chats (inbox_id, conversation_id);

-- +goose StatementBegin
CREATE FUNCTION note_unseen_chat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unseen_chats (conversation_id, inbox_id)
        SELECT NEW.conversation_id, id FROM inboxes WHERE id = NEW.inbox_id AND channel = 'livechat' ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER unseen_chat AFTER INSERT ON messages
    FOR EACH ROW WHEN (NEW.type = 'outgoing' AND NOT NEW.private) EXECUTE FUNCTION note_unseen_chat();

-- +goose Down
DROP TRIGGER unseen_chat ON messages;
DROP FUNCTION note_unseen_chat;
DROP TABLE unseen_chats;
ALTER TABLE conversations DROP COLUMN last_continuity_email_sent_at;
