-- +goose Up

-- Full-text search. What is to be indexed anew waits here, put in by triggers in the transaction of the change, so that
-- no path of change can forget it; package search takes it out once it has written the index, which is in a file of its own
-- (folder sqlite-index).
CREATE TABLE search_queue (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'conversation', 'contact')),
    id BIGINT NOT NULL
);

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
DROP TABLE search_queue;
