package conversation

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// Who leaves a chat gets what is written there afterwards by mail, and goes on by answering that. The mail is a row among the
// messages, for the Message-ID by which the answer is known and for the outbox; it repeats what the thread has already, so
// that no list shows it and nothing counts it: it is an activity, the only kind with a Message-ID.

// repeatsWhere are, of messages m, the mails that repeat others.
const repeatsWhere = `m.type = 'activity' AND m.source_id IS NOT NULL`

// continuityKind is the activity type of such a mail.
const continuityKind = "continuity_email"

// Continuity is how the chats of an inbox go on by mail.
type Continuity struct {
	InboxID     int64 // of the chats
	MailInboxID int64 // by which the mails leave
	From        string
	// OfflineAfter is after how long unseen a contact counts as gone, Interval how long at least is between two mails.
	OfflineAfter, Interval time.Duration
	// Most is how many messages a mail has at the most.
	Most int
}

// Unseen is what a contact is to be told of a chat.
type Unseen struct {
	Reference int64
	// Messages are at least one and at most [Continuity.Most], oldest first.
	Messages []UnseenMessage
}

// UnseenMessage is a message that the contact of a chat has not seen.
type UnseenMessage struct {
	ID                   int64
	CreatedAt            db.Time
	Content, ContentType string
	TextContent          string
	FirstName, LastName  string
	IsSystem             bool
	SenderKind           string
	UUID                 string
	Meta                 db.JSON
	// Files are the names of its attachments, without the images in its text.
	Files []string `db:"-"`
}

// Sender is the name of who wrote it; "" for the desk itself and for nobody with a name. AI says that no person did.
func (m UnseenMessage) Sender() (name string, ai bool) {
	if m.IsSystem {
		return "", false
	}
	return strings.TrimSpace(m.FirstName + " " + m.LastName), m.SenderKind == "ai_assistant"
}

// DueForMail returns the ids of chats behind one id that may have to go on by mail, in their order, at most 100.
func (s *Service) DueForMail(ctx context.Context, c Continuity, behind int64) ([]int64, error) {
	now := db.Now()
	ids, err := db.Select[int64](ctx, s.db, `SELECT d.conversation_id FROM unseen_chats d JOIN conversations c ON c.id = d.conversation_id
		WHERE d.inbox_id = $1 AND d.conversation_id > $2 AND COALESCE(c.contact_last_seen_at, 0) < $3 AND COALESCE(c.last_continuity_email_sent_at, 0) <= $4
		ORDER BY d.conversation_id LIMIT 100`, c.InboxID, behind, db.At(now.Add(-c.OfflineAfter)), db.At(now.Add(-c.Interval)))
	if err != nil {
		return nil, fmt.Errorf("look for chats that go on by mail: %w", err)
	}
	return ids, nil
}

// chatContact is what decides whether somebody is told of a chat by mail.
type chatContact struct {
	SeenAt    *db.Time
	MailedAt  *db.Time
	Meta      db.JSON
	Email     string
	Enabled   bool
	BouncedAt *db.Time
}

// reachable reports whether mail may be sent to a contact.
func (c chatContact) reachable() bool {
	_, err := mail.ParseAddress(c.Email)
	return err == nil && c.Enabled && c.BouncedAt == nil
}

// ContinueByMail lets a chat go on by mail if its contact has been away for long enough and has not seen something: one mail with
// the oldest of those messages, which compose writes. Storing and queueing it and marking its messages is one transaction, so
// that each message is in one mail exactly, whatever happens to the process. It reports whether there is a mail.
func (s *Service) ContinueByMail(ctx context.Context, id int64, c Continuity, compose func(Unseen) string) (mailed bool, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		mailed = false
		h, err := lockID(ctx, tx, id)
		if err != nil {
			return err
		}
		to, err := db.Get[chatContact](ctx, tx, `SELECT c.contact_last_seen_at AS seen_at, c.last_continuity_email_sent_at AS mailed_at, c.meta, COALESCE(u.email, '') AS email,
			u.enabled AND u.deleted_at IS NULL AS enabled, u.email_bounced_at AS bounced_at FROM conversations c JOIN users u ON u.id = c.contact_id WHERE c.id = $1`, h.ID)
		if err != nil {
			return fmt.Errorf("read the contact of chat %d: %w", h.ID, err)
		}
		if within(to.SeenAt, c.OfflineAfter) || within(to.MailedAt, c.Interval) {
			return nil // since it was found due
		}
		if h.StatusID <= 0 || !to.reachable() {
			return settledChat(ctx, tx, h.ID)
		}
		unseen, err := s.unseen(ctx, tx, h.ID, to.SeenAt, c.Most+1)
		if err != nil {
			return err
		}
		if len(unseen) <= c.Most {
			if err := settledChat(ctx, tx, h.ID); err != nil || len(unseen) == 0 {
				return err
			}
		}
		mailed = true
		return s.continueWith(ctx, tx, h, to, c, unseen[:min(len(unseen), c.Most)], compose)
	})
	return mailed, err
}

func within(at *db.Time, span time.Duration) bool { return at != nil && time.Since(at.Time) < span }

// settledChat notes that there is nothing to tell of a chat until somebody writes in it again.
func settledChat(ctx context.Context, tx *db.Tx, id int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM unseen_chats WHERE conversation_id = $1`, id); err != nil {
		return fmt.Errorf("settle chat %d: %w", id, err)
	}
	return nil
}

// unseen are the first n messages that a contact has not seen and was not told of by mail, oldest first.
func (s *Service) unseen(ctx context.Context, tx *db.Tx, id int64, seen *db.Time, n int) ([]UnseenMessage, error) {
	var since db.Time
	if seen != nil {
		since = *seen
	}
	list, err := db.Select[UnseenMessage](ctx, tx, `SELECT m.id, m.uuid, m.created_at, m.content, m.content_type, m.text_content, m.meta, u.first_name, u.last_name,
		u.is_system, u.type AS sender_kind FROM messages m JOIN users u ON u.id = m.sender_id WHERE m.conversation_id = $1 AND m.created_at > $2
		AND m.type = 'outgoing' AND NOT m.private AND m.status <> 'failed' AND m.meta ->> 'continuity_emailed' IS NULL ORDER BY m.id LIMIT $3 + 0`, id, since, n)
	if err != nil {
		return nil, fmt.Errorf("read what is unseen of chat %d: %w", id, err)
	}
	ids := make([]int64, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	files, err := s.files.OfMessages(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	for i := range list {
		for _, f := range files[list[i].ID] {
			if f.Disposition != "inline" {
				list[i].Files = append(list[i].Files, f.Name)
			}
		}
	}
	return list, nil
}

// continueWith stores and queues the mail of a batch and marks what is in it.
func (s *Service) continueWith(ctx context.Context, tx *db.Tx, h head, to chatContact, c Continuity, batch []UnseenMessage, compose func(Unseen) string) error {
	leave := s.on["email"]
	if leave == nil {
		return fmt.Errorf("no mail leaves by inbox %d", c.MailInboxID)
	}
	system, err := s.system(ctx, tx)
	if err != nil {
		return err
	}
	now, about := db.Now(), metaOf(to.Meta)
	subject, _ := about[continuitySubject].(string)
	if subject == "" {
		subject = subjectOf(batch[0], h.Reference)
		about[continuitySubject] = subject
	}
	content := compose(Unseen{Reference: h.Reference, Messages: batch})
	meta := map[string]any{continuityKind: true, "activity_type": continuityKind, "is_automated": true, "to": []string{to.Email}, "subject": subject}
	m := stored{UUID: db.NewUUID(), At: now}
	err = tx.QueryRow(ctx, `INSERT INTO messages (created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content, text_content, content_type, private,
		sender_id, sender_type, meta, source_id) VALUES ($1, $1, $2, $3, $4, 'activity', 'pending', $5, $6, 'html', TRUE, $7, 'agent', $8, $9) RETURNING id`,
		now, m.UUID, h.ID, c.MailInboxID, content, htmlx.Text(content), system.ID, db.ToJSON(meta), messageID(h.UUID, c.From)).Scan(&m.ID)
	if err != nil {
		return fmt.Errorf("store the mail of chat %d: %w", h.ID, err)
	}
	if err := leave(ctx, tx, Outgoing{MessageID: m.ID, ConversationID: h.ID, InboxID: c.MailInboxID}); err != nil {
		return err
	}
	for _, in := range batch {
		if err := s.markMailed(ctx, tx, h, system.ID, in); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE conversations SET last_continuity_email_sent_at = $2, meta = $3 WHERE id = $1`, h.ID, now, db.ToJSON(about)); err != nil {
		return fmt.Errorf("note the mail of chat %d: %w", h.ID, err)
	}
	return s.append(ctx, tx, event.New{Type: event.MessageCreated, ConversationID: h.ID, ActorID: system.ID, Payload: MessageCreatedPayload{
		ConversationUUID: h.UUID, UUID: m.UUID, Type: TypeOutgoing, CreatedAt: now, SenderType: SenderAgent, MessageID: m.ID, Silent: true, Repeats: true}})
}

// markMailed notes on a message that its reader has it by mail.
func (s *Service) markMailed(ctx context.Context, tx *db.Tx, h head, actor int64, m UnseenMessage) error {
	meta := metaOf(m.Meta)
	meta["continuity_emailed"] = true
	if _, err := tx.Exec(ctx, `UPDATE messages SET meta = $2 WHERE id = $1`, m.ID, db.ToJSON(meta)); err != nil {
		return fmt.Errorf("mark message %d as mailed: %w", m.ID, err)
	}
	return s.messageChanged(ctx, tx, h, m.UUID, actor, map[string]any{"meta": meta})
}

// continuitySubject is the key in a conversation's meta of the subject that all its mails have, so that they are one thread to their
// reader.
const continuitySubject = "continuity_email_subject"

// subjectLength is how many characters of a chat's first unseen message are the subject of its mails.
const subjectLength = 100

func subjectOf(first UnseenMessage, reference int64) string {
	return strings.TrimPrefix(fmt.Sprintf("%s - #%d", htmlx.Preview(first.TextContent, subjectLength), reference), " - ")
}
