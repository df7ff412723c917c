-- +goose Up

-- Views: filters that were given a name. A personal one belongs to an agent, a shared one to a team or to everybody.
CREATE TABLE views (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    filters TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('user', 'team', 'all')),
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    team_id BIGINT REFERENCES teams (id) ON DELETE CASCADE,
    CHECK ((visibility = 'user') = (user_id IS NOT NULL) AND (visibility = 'team') = (team_id IS NOT NULL))
);
CREATE INDEX views_user ON views (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX views_team ON views (team_id) WHERE team_id IS NOT NULL;

-- What else is known of contacts and conversations; the values are in their custom_attributes, by key.
CREATE TABLE custom_attributes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    applies_to TEXT NOT NULL CHECK (applies_to IN ('contact', 'conversation')),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    data_type TEXT NOT NULL CHECK (data_type IN ('text', 'number', 'checkbox', 'date', 'link', 'list')),
    options TEXT NOT NULL DEFAULT '[]',
    regex TEXT NOT NULL DEFAULT '',
    regex_hint TEXT NOT NULL DEFAULT '',
    UNIQUE (applies_to, key)
);

-- What became of files of tags: the lines of each import that were refused, and how many were not.
CREATE TABLE tag_imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    report TEXT NOT NULL
);

-- +goose Down
DROP TABLE tag_imports;
DROP TABLE custom_attributes;
DROP TABLE views;
