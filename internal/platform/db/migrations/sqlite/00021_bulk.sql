-- +goose Up

-- Changes of many conversations at once. Who acts is kept as they were: what they might do, and from where they asked.
CREATE TABLE bulk_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    may TEXT NOT NULL,
    action TEXT NOT NULL,
    undo_of BIGINT,
    undone_by BIGINT,
    total BIGINT NOT NULL DEFAULT 0,
    position BIGINT NOT NULL DEFAULT 0,
    done BIGINT NOT NULL DEFAULT 0,
    unchanged BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX bulk_jobs_running ON bulk_jobs (updated_at) WHERE ended_at IS NULL;

-- The conversations chosen, and what became of each: outcome is empty until then. was is how to go back.
CREATE TABLE bulk_rows (
    job_id BIGINT NOT NULL REFERENCES bulk_jobs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    uuid TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    was TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job_id, number)
);
CREATE INDEX bulk_rows_refused ON bulk_rows (job_id, number) WHERE outcome = 'refused';

-- +goose Down
DROP TABLE bulk_rows;
DROP TABLE bulk_jobs;
