-- +goose Up
-- Subjects stand beside their conversations, so that what changes of a conversation, which its subject rarely is, does not change
-- the indexes of subjects.
CREATE TABLE conversation_subjects (
    id BIGINT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    subject TEXT NOT NULL
);
INSERT INTO conversation_subjects SELECT id, subject FROM conversations;
DROP INDEX conversations_subject_parts;
DROP INDEX conversations_subject;
CREATE INDEX conversation_subjects_beginning ON conversation_subjects ((lower(substr(subject, 1, 200))) COLLATE "C", id);
CREATE INDEX conversation_subjects_parts ON conversation_subjects USING gin (subject_parts(subject)) WITH (fastupdate = off);
-- +goose StatementBegin
CREATE FUNCTION keep_conversation_subject() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversation_subjects VALUES (NEW.id, NEW.subject) ON CONFLICT (id) DO UPDATE SET subject = EXCLUDED.subject;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER conversation_subject_new AFTER INSERT ON conversations
    FOR EACH ROW EXECUTE FUNCTION keep_conversation_subject();
CREATE TRIGGER conversation_subject_changed AFTER UPDATE OF subject ON conversations
    FOR EACH ROW WHEN (NEW.subject <> OLD.subject) EXECUTE FUNCTION keep_conversation_subject();
ANALYZE conversation_subjects;

-- +goose Down
DROP TRIGGER conversation_subject_changed ON conversations;
DROP TRIGGER conversation_subject_new ON conversations;
DROP FUNCTION keep_conversation_subject();
DROP TABLE conversation_subjects;
CREATE INDEX conversations_subject ON conversations ((lower(substr(subject, 1, 200))) COLLATE "C", id);
CREATE INDEX conversations_subject_parts ON conversations USING gin (subject_parts(subject)) WITH (fastupdate = off);
