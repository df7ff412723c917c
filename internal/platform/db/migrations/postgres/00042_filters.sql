-- +goose Up

-- The custom attributes of conversations and contacts that lists are filtered by, a row each: kept by triggers in the
-- transaction of the change, so that no path of change can forget them. Numbers are those a number is read from without loss
-- of its size; what is longer than the index keeps is compared in full besides.
CREATE TABLE conversation_attributes (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number DOUBLE PRECISION,
    PRIMARY KEY (conversation_id, key)
);
CREATE INDEX conversation_attributes_value ON conversation_attributes (key, (substr(value, 1, 200)) COLLATE "C", conversation_id);
CREATE INDEX conversation_attributes_number ON conversation_attributes (key, number, conversation_id) WHERE number IS NOT NULL;

CREATE TABLE contact_attributes (
    contact_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number DOUBLE PRECISION,
    PRIMARY KEY (contact_id, key)
);
CREATE INDEX contact_attributes_value ON contact_attributes (key, (substr(value, 1, 200)) COLLATE "C", contact_id);
CREATE INDEX contact_attributes_number ON contact_attributes (key, number, contact_id) WHERE number IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION attribute_rows(attributes JSONB) RETURNS TABLE (key TEXT, value TEXT, number DOUBLE PRECISION)
LANGUAGE SQL IMMUTABLE AS $$
    SELECT a.key, a.value #>> '{}', CASE WHEN jsonb_typeof(a.value) <> 'boolean'
        AND btrim(a.value #>> '{}') ~ '^-?\d{1,30}(\.\d{1,30})?([eE][-+]?\d{1,2})?$' THEN CAST(btrim(a.value #>> '{}') AS DOUBLE PRECISION) END
    FROM jsonb_each(attributes) AS a
    WHERE jsonb_typeof(a.value) IN ('string', 'number', 'boolean') AND a.value #>> '{}' <> ''
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION keep_conversation_attributes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM conversation_attributes WHERE conversation_id = NEW.id;
    INSERT INTO conversation_attributes SELECT NEW.id, a.key, a.value, a.number FROM attribute_rows(NEW.custom_attributes) AS a ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION keep_contact_attributes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contact_attributes WHERE contact_id = NEW.id;
    INSERT INTO contact_attributes SELECT NEW.id, a.key, a.value, a.number FROM attribute_rows(NEW.custom_attributes) AS a ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER conversation_attributes_new AFTER INSERT ON conversations
    FOR EACH ROW WHEN (NEW.custom_attributes <> '{}') EXECUTE FUNCTION keep_conversation_attributes();
CREATE TRIGGER conversation_attributes_changed AFTER UPDATE OF custom_attributes ON conversations
    FOR EACH ROW WHEN (NEW.custom_attributes <> OLD.custom_attributes) EXECUTE FUNCTION keep_conversation_attributes();
CREATE TRIGGER contact_attributes_new AFTER INSERT ON users
    FOR EACH ROW WHEN (NEW.custom_attributes <> '{}') EXECUTE FUNCTION keep_contact_attributes();
CREATE TRIGGER contact_attributes_changed AFTER UPDATE OF custom_attributes ON users
    FOR EACH ROW WHEN (NEW.custom_attributes <> OLD.custom_attributes) EXECUTE FUNCTION keep_contact_attributes();

INSERT INTO conversation_attributes SELECT c.id, a.key, a.value, a.number
    FROM conversations c CROSS JOIN LATERAL attribute_rows(c.custom_attributes) AS a WHERE c.custom_attributes <> '{}' ON CONFLICT DO NOTHING;
INSERT INTO contact_attributes SELECT u.id, a.key, a.value, a.number
    FROM users u CROSS JOIN LATERAL attribute_rows(u.custom_attributes) AS a WHERE u.custom_attributes <> '{}' ON CONFLICT DO NOTHING;

-- The beginnings of subjects, and their parts of three characters: a conversation with a text in its subject has all parts of
-- that text.
-- +goose StatementBegin
CREATE FUNCTION subject_parts(subject TEXT) RETURNS TEXT[] LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT COALESCE(array_agg(DISTINCT substr(lower(subject), i, 3)), '{}') FROM generate_series(1, length(lower(subject)) - 2) AS i
$$;
-- +goose StatementEnd
CREATE INDEX conversations_subject ON conversations ((lower(substr(subject, 1, 200))) COLLATE "C", id);
CREATE INDEX conversations_subject_parts ON conversations USING gin (subject_parts(subject)) WITH (fastupdate = off);

-- +goose Down
DROP INDEX conversations_subject_parts;
DROP INDEX conversations_subject;
DROP FUNCTION subject_parts(TEXT);
DROP TRIGGER contact_attributes_changed ON users;
DROP TRIGGER contact_attributes_new ON users;
DROP TRIGGER conversation_attributes_changed ON conversations;
DROP TRIGGER conversation_attributes_new ON conversations;
DROP FUNCTION keep_contact_attributes();
DROP FUNCTION keep_conversation_attributes();
DROP FUNCTION attribute_rows(JSONB);
DROP TABLE contact_attributes;
DROP TABLE conversation_attributes;
