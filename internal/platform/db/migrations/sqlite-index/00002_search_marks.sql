-- +goose Up

-- Entries have marks and the names of attachments now: everything is indexed anew, in the background.
UPDATE search_state SET queued = FALSE;

-- +goose Down
