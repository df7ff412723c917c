-- +goose Up

-- Agents being made from a file. Who acts is kept as they were: what they may grant, and from where they asked.
CREATE TABLE agent_imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    may_grant TEXT NOT NULL,
    invite BOOLEAN NOT NULL,
    total BIGINT NOT NULL,
    success BIGINT NOT NULL DEFAULT 0,
    errors BIGINT NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT 'null',
    running BOOLEAN NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    ended_at BIGINT
);
-- One at a time, whichever node takes it.
CREATE UNIQUE INDEX agent_imports_running ON agent_imports (running) WHERE running;

-- The rows of the file, and what became of each: outcome is empty until then.
CREATE TABLE agent_import_rows (
    import_id BIGINT NOT NULL REFERENCES agent_imports (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    content TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT 'null',
    PRIMARY KEY (import_id, number)
);

-- +goose Down
DROP TABLE agent_import_rows;
DROP TABLE agent_imports;
