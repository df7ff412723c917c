-- +goose Up

-- What an agent is told of. bell: it stands in the list behind the bell. mail: it waits to be mailed.
CREATE TABLE user_notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    notification_type TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT,
    is_read BOOLEAN NOT NULL DEFAULT FALSE,
    bell BOOLEAN NOT NULL,
    mail BOOLEAN NOT NULL,
    conversation_id BIGINT REFERENCES conversations (id) ON DELETE CASCADE,
    message_id BIGINT REFERENCES messages (id) ON DELETE CASCADE,
    actor_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    meta TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX user_notifications_list ON user_notifications (user_id, id);
CREATE INDEX user_notifications_unread ON user_notifications (user_id) WHERE bell AND NOT is_read;
CREATE INDEX user_notifications_open ON user_notifications (user_id, conversation_id) WHERE NOT is_read;
CREATE INDEX user_notifications_age ON user_notifications (created_at);
CREATE INDEX user_notifications_conversation ON user_notifications (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX user_notifications_message ON user_notifications (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX user_notifications_actor ON user_notifications (actor_id) WHERE actor_id IS NOT NULL;
-- Of a new conversation an agent hears once, however often the job runs that tells of it.
CREATE UNIQUE INDEX user_notifications_new ON user_notifications (user_id, conversation_id) WHERE notification_type = 'new_conversation';

-- What an agent wants to be told of, and how; who has no row has the defaults. watches: of new conversations, too.
CREATE TABLE notification_preferences (
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    updated_at BIGINT NOT NULL,
    watches BOOLEAN NOT NULL,
    choices TEXT NOT NULL
);
CREATE INDEX notification_preferences_watches ON notification_preferences (user_id) WHERE watches;

-- The mails of an agent about a conversation: at most one in a while. queued_at is set while a job will look what to send.
CREATE TABLE notification_mails (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    queued_at BIGINT,
    sent_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, conversation_id)
);
CREATE INDEX notification_mails_conversation ON notification_mails (conversation_id);
CREATE INDEX notification_mails_age ON notification_mails (sent_at);

-- +goose Down
DROP TABLE notification_mails;
DROP TABLE notification_preferences;
DROP TABLE user_notifications;
