-- +goose Up

-- The custom attributes of conversations and contacts that lists are filtered by, a row each: kept by triggers in the
-- transaction of the change, so that no path of change can forget them. Numbers are those a number is read from; what is
-- longer than the index keeps is compared in full besides.
CREATE TABLE conversation_attributes (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (conversation_id, key)
) WITHOUT ROWID;
CREATE INDEX conversation_attributes_value ON conversation_attributes (key, substr(value, 1, 200), conversation_id);
CREATE INDEX conversation_attributes_number ON conversation_attributes (key, number, conversation_id) WHERE number IS NOT NULL;

CREATE TABLE contact_attributes (
    contact_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (contact_id, key)
) WITHOUT ROWID;
CREATE INDEX contact_attributes_value ON contact_attributes (key, substr(value, 1, 200), contact_id);
CREATE INDEX contact_attributes_number ON contact_attributes (key, number, contact_id) WHERE number IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER conversation_attributes_new AFTER INSERT ON conversations WHEN NEW.custom_attributes <> '{}' BEGIN
    DELETE FROM conversation_attributes WHERE conversation_id = NEW.id;
    INSERT OR IGNORE INTO conversation_attributes
        SELECT NEW.id, a.key, CASE a.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(a.value AS TEXT) END,
            CASE WHEN a.type IN ('integer', 'real') THEN CAST(a.value AS REAL)
                WHEN a.type = 'text' AND json_valid(trim(a.value)) AND json_type(trim(a.value)) IN ('integer', 'real') THEN CAST(trim(a.value) AS REAL) END
        FROM json_each(NEW.custom_attributes) AS a
        WHERE a.type IN ('text', 'integer', 'real', 'true', 'false') AND a.value <> '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER conversation_attributes_changed AFTER UPDATE OF custom_attributes ON conversations WHEN NEW.custom_attributes <> OLD.custom_attributes BEGIN
    DELETE FROM conversation_attributes WHERE conversation_id = NEW.id;
    INSERT OR IGNORE INTO conversation_attributes
        SELECT NEW.id, a.key, CASE a.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(a.value AS TEXT) END,
            CASE WHEN a.type IN ('integer', 'real') THEN CAST(a.value AS REAL)
                WHEN a.type = 'text' AND json_valid(trim(a.value)) AND json_type(trim(a.value)) IN ('integer', 'real') THEN CAST(trim(a.value) AS REAL) END
        FROM json_each(NEW.custom_attributes) AS a
        WHERE a.type IN ('text', 'integer', 'real', 'true', 'false') AND a.value <> '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER contact_attributes_new AFTER INSERT ON users WHEN NEW.custom_attributes <> '{}' BEGIN
    DELETE FROM contact_attributes WHERE contact_id = NEW.id;
    INSERT OR IGNORE INTO contact_attributes
        SELECT NEW.id, a.key, CASE a.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(a.value AS TEXT) END,
            CASE WHEN a.type IN ('integer', 'real') THEN CAST(a.value AS REAL)
                WHEN a.type = 'text' AND json_valid(trim(a.value)) AND json_type(trim(a.value)) IN ('integer', 'real') THEN CAST(trim(a.value) AS REAL) END
        FROM json_each(NEW.custom_attributes) AS a
        WHERE a.type IN ('text', 'integer', 'real', 'true', 'false') AND a.value <> '';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER contact_attributes_changed AFTER UPDATE OF custom_attributes ON users WHEN NEW.custom_attributes <> OLD.custom_attributes BEGIN
    DELETE FROM contact_attributes WHERE contact_id = NEW.id;
    INSERT OR IGNORE INTO contact_attributes
        SELECT NEW.id, a.key, CASE a.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(a.value AS TEXT) END,
            CASE WHEN a.type IN ('integer', 'real') THEN CAST(a.value AS REAL)
                WHEN a.type = 'text' AND json_valid(trim(a.value)) AND json_type(trim(a.value)) IN ('integer', 'real') THEN CAST(trim(a.value) AS REAL) END
        FROM json_each(NEW.custom_attributes) AS a
        WHERE a.type IN ('text', 'integer', 'real', 'true', 'false') AND a.value <> '';
END;
-- +goose StatementEnd

INSERT OR IGNORE INTO conversation_attributes
    SELECT o.id, a.key, CASE a.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(a.value AS TEXT) END,
        CASE WHEN a.type IN ('integer', 'real') THEN CAST(a.value AS REAL)
            WHEN a.type = 'text' AND json_valid(trim(a.value)) AND json_type(trim(a.value)) IN ('integer', 'real') THEN CAST(trim(a.value) AS REAL) END
    FROM conversations o, json_each(o.custom_attributes) AS a
    WHERE o.custom_attributes <> '{}' AND a.type IN ('text', 'integer', 'real', 'true', 'false') AND a.value <> '';
INSERT OR IGNORE INTO contact_attributes
    SELECT o.id, a.key, CASE a.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(a.value AS TEXT) END,
        CASE WHEN a.type IN ('integer', 'real') THEN CAST(a.value AS REAL)
            WHEN a.type = 'text' AND json_valid(trim(a.value)) AND json_type(trim(a.value)) IN ('integer', 'real') THEN CAST(trim(a.value) AS REAL) END
    FROM users o, json_each(o.custom_attributes) AS a
    WHERE o.custom_attributes <> '{}' AND a.type IN ('text', 'integer', 'real', 'true', 'false') AND a.value <> '';

-- The beginnings of subjects, and their parts of three characters: a conversation with a text in its subject has all parts of
-- that text. rowid is the id of the conversation.
CREATE INDEX conversations_subject ON conversations (lower(substr(subject, 1, 200)), id);
CREATE VIRTUAL TABLE conversation_subjects USING fts5 (subject, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram');
INSERT INTO conversation_subjects (rowid, subject) SELECT id, subject FROM conversations;
-- +goose StatementBegin
CREATE TRIGGER conversation_subjects_new AFTER INSERT ON conversations BEGIN
    INSERT INTO conversation_subjects (rowid, subject) VALUES (NEW.id, NEW.subject);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER conversation_subjects_changed AFTER UPDATE OF subject ON conversations WHEN NEW.subject <> OLD.subject BEGIN
    DELETE FROM conversation_subjects WHERE rowid = OLD.id;
    INSERT INTO conversation_subjects (rowid, subject) VALUES (NEW.id, NEW.subject);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER conversation_subjects_gone AFTER DELETE ON conversations BEGIN
    DELETE FROM conversation_subjects WHERE rowid = OLD.id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER conversation_subjects_gone;
DROP TRIGGER conversation_subjects_changed;
DROP TRIGGER conversation_subjects_new;
DROP TABLE conversation_subjects;
DROP INDEX conversations_subject;
DROP TRIGGER contact_attributes_changed;
DROP TRIGGER contact_attributes_new;
DROP TRIGGER conversation_attributes_changed;
DROP TRIGGER conversation_attributes_new;
DROP TABLE contact_attributes;
DROP TABLE conversation_attributes;
