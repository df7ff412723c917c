-- +goose Up

-- A conversation that was merged into another is hidden like spam and trash, by a status below zero that no list shows.
UPDATE statuses SET name = name || ' (2)' WHERE name = 'Merged into another';
INSERT INTO statuses (id, created_at, name, category) VALUES (-3, 0, 'Merged into another', 'resolved');

-- What was merged into which conversation. was is what the target was before and what merging made of it, so that it can
-- be taken back.
CREATE TABLE conversation_merges (
    conversation_id BIGINT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    target_id BIGINT NOT NULL REFERENCES conversations (id),
    created_at BIGINT NOT NULL,
    merged_by BIGINT NOT NULL,
    was TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX conversation_merges_target ON conversation_merges (target_id, created_at);

-- The rows of other tables that moved with it: kind is the table.
CREATE TABLE conversation_merge_rows (
    conversation_id BIGINT NOT NULL REFERENCES conversation_merges (conversation_id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    row_id BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, kind, row_id)
);

-- +goose Down
DROP TABLE conversation_merge_rows;
DROP TABLE conversation_merges;
DELETE FROM statuses WHERE id = -3;
