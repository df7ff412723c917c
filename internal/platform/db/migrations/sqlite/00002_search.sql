-- +goose Up

-- Full-text search. What is to be indexed anew waits here, put in by triggers in the transaction of the change, so that
-- no path of change can forget it; package search takes it out in the transaction that writes the index.
CREATE TABLE search_queue (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'conversation', 'contact')),
    id BIGINT NOT NULL
);

-- The indexes hold words only, not texts: rowid is the id of what is indexed. Package search folds the words, so that
-- to the tokenizer whatever is no space belongs to a word.
CREATE VIRTUAL TABLE search_messages USING fts5 (
    doc, content = '', contentless_delete = 1, prefix = '3', tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'");
CREATE VIRTUAL TABLE search_conversations USING fts5 (
    doc, content = '', contentless_delete = 1, prefix = '3', tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'");
CREATE VIRTUAL TABLE search_contacts USING fts5 (
    doc, content = '', contentless_delete = 1, prefix = '3', tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'");
-- An index is a number of segments, which are merged so that they do not become too many. FTS5 would do it in some commit
-- of its choice, for seconds, while every writer waits; package search does it, in small portions.
INSERT INTO search_messages (search_messages, rank) VALUES ('automerge', 0), ('deletemerge', 0), ('crisismerge', 1900);
INSERT INTO search_conversations (search_conversations, rank) VALUES ('automerge', 0), ('deletemerge', 0), ('crisismerge', 1900);
INSERT INTO search_contacts (search_contacts, rank) VALUES ('automerge', 0), ('deletemerge', 0), ('crisismerge', 1900);
-- The words of each index in their order, to find those that begin alike.
CREATE VIRTUAL TABLE search_messages_words USING fts5vocab (search_messages, instance);
CREATE VIRTUAL TABLE search_conversations_words USING fts5vocab (search_conversations, instance);
CREATE VIRTUAL TABLE search_contacts_words USING fts5vocab (search_contacts, instance);

-- Every ending of every contact's address, so that a part of an address is found as the beginning of an ending. An
-- entry may be out of date: whoever reads them compares with the contact.
CREATE TABLE search_emails (
    suffix TEXT NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (suffix, contact_id)
) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER search_message_new AFTER INSERT ON messages WHEN NEW.type <> 'activity' BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('message', NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_message_changed AFTER UPDATE OF text_content ON messages WHEN NEW.type <> 'activity' BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('message', NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_message_gone AFTER DELETE ON messages WHEN OLD.type <> 'activity' BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('message', OLD.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_conversation_new AFTER INSERT ON conversations BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('conversation', NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_conversation_changed AFTER UPDATE OF subject, contact_id ON conversations BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('conversation', NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_conversation_gone AFTER DELETE ON conversations BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('conversation', OLD.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_contact_new AFTER INSERT ON users WHEN NEW.type = 'contact' BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('contact', NEW.id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_contact_changed
AFTER UPDATE OF type, email, first_name, last_name, phone_number, external_user_id, deleted_at ON users
WHEN NEW.type IN ('contact', 'visitor') BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('contact', NEW.id);
    INSERT INTO search_queue (kind, id) SELECT 'conversation', c.id FROM conversations c WHERE c.contact_id = NEW.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_contact_gone AFTER DELETE ON users WHEN OLD.type = 'contact' BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('contact', OLD.id);
END;
-- +goose StatementEnd

-- What there is already is indexed in the background, the newest last.
INSERT INTO search_queue (kind, id) SELECT 'contact', id FROM users WHERE type = 'contact' ORDER BY id;
INSERT INTO search_queue (kind, id) SELECT 'conversation', id FROM conversations ORDER BY id;
INSERT INTO search_queue (kind, id) SELECT 'message', id FROM messages WHERE type <> 'activity' ORDER BY id;

-- +goose Down
DROP TRIGGER search_contact_gone;
DROP TRIGGER search_contact_changed;
DROP TRIGGER search_contact_new;
DROP TRIGGER search_conversation_gone;
DROP TRIGGER search_conversation_changed;
DROP TRIGGER search_conversation_new;
DROP TRIGGER search_message_gone;
DROP TRIGGER search_message_changed;
DROP TRIGGER search_message_new;
DROP TABLE search_emails;
DROP TABLE search_contacts_words;
DROP TABLE search_conversations_words;
DROP TABLE search_messages_words;
DROP TABLE search_contacts;
DROP TABLE search_conversations;
DROP TABLE search_messages;
DROP TABLE search_queue;
