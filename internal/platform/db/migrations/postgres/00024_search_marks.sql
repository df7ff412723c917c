-- +goose Up

-- Entries of the search have marks and the names of attachments now: everything is indexed anew in the background, the
-- newest last.
INSERT INTO search_queue (kind, id) SELECT 'contact', id FROM users WHERE type IN ('contact', 'visitor') ORDER BY id;
INSERT INTO search_queue (kind, id) SELECT 'conversation', id FROM conversations ORDER BY id;
INSERT INTO search_queue (kind, id) SELECT 'message', id FROM messages WHERE type <> 'activity' ORDER BY id;

-- +goose Down
