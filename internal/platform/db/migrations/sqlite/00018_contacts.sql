-- +goose Up

-- What agents note about a contact.
CREATE TABLE contact_notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    contact_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    note TEXT NOT NULL
);
CREATE INDEX contact_notes_contact ON contact_notes (contact_id, id DESC);
CREATE INDEX contact_notes_author ON contact_notes (user_id);

-- Into whom a contact was merged. The row stays, with its address, so that mail from it finds the other.
ALTER TABLE users ADD COLUMN merged_into BIGINT;
CREATE INDEX users_merged ON users (merged_into) WHERE merged_into IS NOT NULL;

-- The orders of the list of contacts.
CREATE INDEX users_people_created ON users (created_at DESC, id DESC)
    WHERE type IN ('contact', 'visitor') AND email IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX users_people_updated ON users (updated_at DESC, id DESC)
    WHERE type IN ('contact', 'visitor') AND email IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX users_people_email ON users (email, id)
    WHERE type IN ('contact', 'visitor') AND email IS NOT NULL AND deleted_at IS NULL;

-- In which conversations somebody wrote.
CREATE INDEX conversation_participants_user ON conversation_participants (user_id);

-- Visitors are looked for by their addresses, too.
DROP TRIGGER search_contact_new;
-- +goose StatementBegin
CREATE TRIGGER search_contact_new AFTER INSERT ON users WHEN NEW.type IN ('contact', 'visitor') BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('contact', NEW.id);
END;
-- +goose StatementEnd
DROP TRIGGER search_contact_gone;
-- +goose StatementBegin
CREATE TRIGGER search_contact_gone AFTER DELETE ON users WHEN OLD.type IN ('contact', 'visitor') BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('contact', OLD.id);
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER search_contact_gone;
-- +goose StatementBegin
CREATE TRIGGER search_contact_gone AFTER DELETE ON users WHEN OLD.type = 'contact' BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('contact', OLD.id);
END;
-- +goose StatementEnd
DROP TRIGGER search_contact_new;
-- +goose StatementBegin
CREATE TRIGGER search_contact_new AFTER INSERT ON users WHEN NEW.type = 'contact' BEGIN
    INSERT INTO search_queue (kind, id) VALUES ('contact', NEW.id);
END;
-- +goose StatementEnd
DROP INDEX conversation_participants_user;
DROP INDEX users_people_email;
DROP INDEX users_people_updated;
DROP INDEX users_people_created;
DROP INDEX users_merged;
ALTER TABLE users DROP COLUMN merged_into;
DROP TABLE contact_notes;
