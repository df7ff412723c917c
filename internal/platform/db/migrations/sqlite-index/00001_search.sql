-- +goose Up

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

-- Whether everything the database holds has been put into the queue since this file was made.
CREATE TABLE search_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    queued BOOLEAN NOT NULL DEFAULT FALSE
);
INSERT INTO search_state (id) VALUES (1);

-- +goose Down
DROP TABLE search_state;
DROP TABLE search_emails;
DROP TABLE search_contacts_words;
DROP TABLE search_conversations_words;
DROP TABLE search_messages_words;
DROP TABLE search_contacts;
DROP TABLE search_conversations;
DROP TABLE search_messages;
