-- +goose Up

-- People: agents, contacts, visitors and AI assistants share one table, so that one id names one person anywhere.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('agent', 'contact', 'visitor', 'ai_assistant')),
    is_system BOOLEAN NOT NULL DEFAULT FALSE,
    email TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL DEFAULT '',
    phone_number TEXT,
    phone_number_country_code TEXT,
    country TEXT,
    avatar_url TEXT,
    external_user_id TEXT,
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    availability_status TEXT NOT NULL DEFAULT 'offline'
        CHECK (availability_status IN ('online', 'away', 'away_manual', 'offline', 'away_and_reassigning')),
    custom_attributes TEXT NOT NULL DEFAULT '{}',
    password_hash TEXT,
    last_active_at BIGINT,
    last_login_at BIGINT,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX users_agent_email ON users (email) WHERE type = 'agent' AND deleted_at IS NULL;
CREATE UNIQUE INDEX users_contact_email ON users (email)
    WHERE type = 'contact' AND deleted_at IS NULL AND external_user_id IS NULL;
CREATE UNIQUE INDEX users_contact_external ON users (external_user_id) WHERE type = 'contact' AND deleted_at IS NULL;
CREATE INDEX users_email ON users (email);

CREATE TABLE roles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    permissions TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE user_roles (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_roles_role ON user_roles (role_id);

CREATE TABLE teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    emoji TEXT,
    conversation_assignment_type TEXT NOT NULL DEFAULT 'Manual'
        CHECK (conversation_assignment_type IN ('Round robin', 'Manual')),
    max_auto_assigned_conversations BIGINT NOT NULL DEFAULT 0,
    timezone TEXT NOT NULL DEFAULT '',
    business_hours_id BIGINT,
    sla_policy_id BIGINT
);
CREATE TABLE team_members (
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id);

-- Sessions are found by the SHA-256 of a token of 256 random bits; the token itself is only in the browser.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ip TEXT NOT NULL DEFAULT '',
    user_agent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- API keys. The primary one is the key that an agent has by the interface which knows only one; others have a name, and may
-- end and be limited to some permissions. The secret is kept as the SHA-256 of 64 random characters.
CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_primary BOOLEAN NOT NULL DEFAULT FALSE,
    name TEXT NOT NULL DEFAULT '',
    key TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    permissions TEXT,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by BIGINT,
    last_used_at BIGINT
);
CREATE UNIQUE INDEX api_keys_primary ON api_keys (user_id) WHERE is_primary;
CREATE INDEX api_keys_user ON api_keys (user_id);

-- One-time links: first set-up, welcome and forgotten password. Only the token's hash is kept.
CREATE TABLE password_tokens (
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE activity_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    activity_type TEXT NOT NULL,
    activity_description TEXT NOT NULL,
    actor_id BIGINT NOT NULL,
    target_model_type TEXT NOT NULL,
    target_model_id BIGINT NOT NULL,
    ip TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE inboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'livechat')),
    enabled BOOLEAN NOT NULL,
    csat_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    prompt_tags_on_reply BOOLEAN NOT NULL DEFAULT FALSE,
    from_address TEXT NOT NULL DEFAULT '',
    from_name_template TEXT NOT NULL DEFAULT '',
    config TEXT NOT NULL DEFAULT '{}',
    secret TEXT,
    linked_email_inbox_id BIGINT REFERENCES inboxes (id) ON DELETE SET NULL,
    deleted_at BIGINT
);

CREATE TABLE statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL DEFAULT 'open' CHECK (category IN ('open', 'waiting', 'resolved'))
);
CREATE TABLE priorities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    uuid TEXT NOT NULL UNIQUE,
    reference_number BIGINT NOT NULL UNIQUE,
    contact_id BIGINT NOT NULL REFERENCES users (id),
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id),
    status_id BIGINT NOT NULL REFERENCES statuses (id),
    priority_id BIGINT REFERENCES priorities (id),
    assigned_user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    assigned_team_id BIGINT REFERENCES teams (id) ON DELETE SET NULL,
    subject TEXT NOT NULL DEFAULT '',
    closed_at BIGINT,
    resolved_at BIGINT,
    first_reply_at BIGINT,
    last_reply_at BIGINT,
    waiting_since BIGINT,
    snoozed_until BIGINT,
    meta TEXT NOT NULL DEFAULT '{}',
    custom_attributes TEXT NOT NULL DEFAULT '{}',
    last_message TEXT,
    last_message_at BIGINT NOT NULL,
    last_message_sender TEXT,
    last_message_sender_id BIGINT,
    last_interaction TEXT,
    last_interaction_at BIGINT,
    last_interaction_sender TEXT,
    last_interaction_sender_id BIGINT,
    contact_last_seen_at BIGINT,
    next_sla_deadline_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1
);
-- Reference numbers start at 100 and are never used twice.
CREATE TABLE conversation_reference (value BIGINT NOT NULL);
INSERT INTO conversation_reference (value) VALUES (99);
-- The lists: by status, by agent, by team inbox, unassigned; each in the order of last activity.
CREATE INDEX conversations_recent ON conversations (last_message_at DESC, id DESC);
CREATE INDEX conversations_status ON conversations (status_id, last_message_at DESC, id DESC);
CREATE INDEX conversations_agent ON conversations (assigned_user_id, status_id, last_message_at DESC, id DESC);
CREATE INDEX conversations_agent_recent ON conversations (assigned_user_id, last_message_at DESC, id DESC);
CREATE INDEX conversations_team ON conversations (assigned_team_id, status_id, last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL;
CREATE INDEX conversations_unassigned ON conversations (status_id, last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NULL;
CREATE INDEX conversations_unassigned_recent ON conversations (last_message_at DESC, id DESC)
    WHERE assigned_user_id IS NULL AND assigned_team_id IS NULL;
-- The other orders of the lists, by status.
CREATE INDEX conversations_created ON conversations (status_id, created_at DESC, id DESC);
CREATE INDEX conversations_waiting ON conversations (status_id, waiting_since, id);
CREATE INDEX conversations_priority ON conversations (status_id, priority_id DESC, id DESC);
CREATE INDEX conversations_sla ON conversations (status_id, next_sla_deadline_at, id);
CREATE INDEX conversations_contact ON conversations (contact_id, created_at DESC);
CREATE INDEX conversations_inbox ON conversations (inbox_id, last_message_at DESC, id DESC);

-- How many conversations there are of each status, agent and team (0 for none, -1 in both for all together); kept by
-- the transaction that moves one. Slots spread the rows that transactions would otherwise queue for on PostgreSQL.
CREATE TABLE conversation_counts (
    status_id BIGINT NOT NULL,
    assigned_user_id BIGINT NOT NULL,
    assigned_team_id BIGINT NOT NULL,
    slot BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (assigned_user_id, assigned_team_id, status_id, slot)
);

CREATE TABLE conversation_tags (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    tag_id BIGINT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (conversation_id, tag_id)
);
CREATE INDEX conversation_tags_tag ON conversation_tags (tag_id, conversation_id);

CREATE TABLE conversation_participants (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE TABLE conversation_last_seen (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    last_seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
);
CREATE INDEX conversation_last_seen_conversation ON conversation_last_seen (conversation_id);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    uuid TEXT NOT NULL UNIQUE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id),
    type TEXT NOT NULL CHECK (type IN ('incoming', 'outgoing', 'activity')),
    status TEXT NOT NULL CHECK (status IN ('received', 'sent', 'failed', 'pending')),
    content TEXT NOT NULL,
    text_content TEXT NOT NULL,
    content_type TEXT NOT NULL CHECK (content_type IN ('text', 'html')),
    private BOOLEAN NOT NULL DEFAULT FALSE,
    sender_id BIGINT NOT NULL REFERENCES users (id),
    sender_type TEXT NOT NULL CHECK (sender_type IN ('agent', 'contact')),
    meta TEXT NOT NULL DEFAULT '{}',
    source_id TEXT,
    echo_id TEXT,
    sent_at BIGINT
);
-- With what unread messages are counted by, for each row of a list.
CREATE INDEX messages_conversation ON messages (conversation_id, id DESC, created_at, type, sender_id);
-- A mail is stored once in an inbox, whoever wrote it.
CREATE UNIQUE INDEX messages_source ON messages (inbox_id, source_id) WHERE source_id IS NOT NULL;
-- A reply that a client repeats because it did not hear the answer is stored once.
CREATE UNIQUE INDEX messages_echo ON messages (conversation_id, sender_id, echo_id) WHERE echo_id IS NOT NULL;

CREATE TABLE mentions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    mentioned_user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    mentioned_team_id BIGINT REFERENCES teams (id) ON DELETE CASCADE,
    mentioned_by_user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX mentions_user ON mentions (mentioned_user_id, conversation_id) WHERE mentioned_user_id IS NOT NULL;
CREATE INDEX mentions_team ON mentions (mentioned_team_id, conversation_id) WHERE mentioned_team_id IS NOT NULL;

CREATE TABLE drafts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    type TEXT NOT NULL CHECK (type IN ('reply', 'private_note')),
    content TEXT NOT NULL,
    meta TEXT NOT NULL DEFAULT '{}',
    UNIQUE (user_id, conversation_id, type)
);

CREATE TABLE media (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    uuid TEXT NOT NULL UNIQUE,
    store TEXT NOT NULL DEFAULT 'fs',
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_id TEXT NOT NULL DEFAULT '',
    model_type TEXT,
    model_id BIGINT,
    disposition TEXT,
    size BIGINT NOT NULL,
    meta TEXT NOT NULL DEFAULT '{}',
    uploaded_by BIGINT
);
CREATE INDEX media_model ON media (model_type, model_id) WHERE model_id IS NOT NULL;
CREATE INDEX media_unlinked ON media (created_at) WHERE model_id IS NULL;

-- The mail ledger: one row for every message a mailbox has shown us. "mailbox" names one folder on one server.
CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    uid_validity BIGINT NOT NULL DEFAULT 0,
    last_uid BIGINT NOT NULL DEFAULT 0,
    since BIGINT,
    server_count BIGINT NOT NULL DEFAULT 0,
    mode TEXT NOT NULL DEFAULT '',
    last_contact_at BIGINT,
    last_error TEXT NOT NULL DEFAULT '',
    last_error_at BIGINT,
    UNIQUE (inbox_id, name)
);
CREATE TABLE mail_ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    mailbox_id BIGINT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    uid_validity BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    size BIGINT NOT NULL,
    blob TEXT NOT NULL DEFAULT '',
    source_id TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('pending', 'filed', 'duplicate', 'ignored', 'quarantined')),
    reason TEXT NOT NULL DEFAULT '',
    message_id BIGINT REFERENCES messages (id) ON DELETE SET NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    settled_at BIGINT,
    UNIQUE (mailbox_id, uid_validity, uid)
);
CREATE INDEX mail_ledger_pending ON mail_ledger (mailbox_id, id) WHERE state = 'pending';
CREATE INDEX mail_ledger_state ON mail_ledger (mailbox_id, state);

-- The outbox: one row for every message that is to leave by mail, until it is sent or given up.
CREATE TABLE outbox (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'delayed', 'sent', 'failed')),
    attempts BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    lease_owner TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_attempt_at, message_id) WHERE state IN ('queued', 'sending', 'delayed');
CREATE INDEX outbox_conversation ON outbox (conversation_id, message_id) WHERE state IN ('queued', 'sending', 'delayed');

-- What happened, in order, append only. Realtime, webhooks and the activity trail are made from it.
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    type TEXT NOT NULL,
    conversation_id BIGINT,
    actor_id BIGINT NOT NULL,
    cause TEXT NOT NULL DEFAULT '',
    payload TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX events_conversation ON events (conversation_id, id) WHERE conversation_id IS NOT NULL;

-- Who holds what among several nodes: a mailbox being read, a sweep being made.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- Answers to requests that carried an Idempotency-Key.
CREATE TABLE idempotency_keys (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    status BIGINT NOT NULL DEFAULT 0,
    response TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);

-- +goose Down
DROP TABLE idempotency_keys;
DROP TABLE leases;
DROP TABLE events;
DROP TABLE outbox;
DROP TABLE mail_ledger;
DROP TABLE mailboxes;
DROP TABLE media;
DROP TABLE drafts;
DROP TABLE mentions;
DROP TABLE messages;
DROP TABLE conversation_last_seen;
DROP TABLE conversation_participants;
DROP TABLE conversation_tags;
DROP TABLE conversation_counts;
DROP TABLE conversations;
DROP TABLE conversation_reference;
DROP TABLE tags;
DROP TABLE priorities;
DROP TABLE statuses;
DROP TABLE inboxes;
DROP TABLE activity_logs;
DROP TABLE settings;
DROP TABLE password_tokens;
DROP TABLE api_keys;
DROP TABLE sessions;
DROP TABLE team_members;
DROP TABLE teams;
DROP TABLE user_roles;
DROP TABLE roles;
DROP TABLE users;
