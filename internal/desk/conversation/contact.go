package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// ContactIDOf returns the contact of a conversation that p may read.
func (s *Service) ContactIDOf(ctx context.Context, p *agent.Principal, id string) (int64, error) {
	h, err := readable(ctx, s.db, p, id)
	return h.ContactID, err
}

// Place is a conversation with what decides who may read it.
type Place struct {
	UUID           string
	AssignedUserID *int64
	AssignedTeamID *int64
}

// toldOf is how many of a contact's conversations hear of a change of the contact.
const toldOf = 200

// PlacesOf returns the newest conversations of a contact, those that hear of a change of the contact.
func (s *Service) PlacesOf(ctx context.Context, contactID int64) ([]Place, error) {
	out, err := db.Select[Place](ctx, s.db, `SELECT uuid, assigned_user_id, assigned_team_id FROM conversations
		WHERE contact_id = $1 ORDER BY created_at DESC LIMIT $2 + 0`, contactID, toldOf)
	if err != nil {
		return nil, fmt.Errorf("read the conversations of contact %d: %w", contactID, err)
	}
	return out, nil
}

// wroteIn are the conversations in which a person, $1, wrote or may have written.
const wroteIn = `SELECT conversation_id FROM conversation_participants WHERE user_id = $1 UNION SELECT id FROM conversations WHERE contact_id = $1`

// MoveContact implements [contact.Conversations]. The newest of the conversations say so to those who follow them.
func (s *Service) MoveContact(ctx context.Context, tx *db.Tx, actorID, from, to int64) error {
	moved, err := db.Select[struct {
		ID   int64
		UUID string
	}](ctx, tx, `SELECT id, uuid FROM conversations WHERE contact_id = $1 ORDER BY created_at DESC LIMIT $2 + 0`, from, toldOf)
	if err != nil {
		return fmt.Errorf("read the conversations of contact %d: %w", from, err)
	}
	for _, query := range []string{
		`UPDATE messages SET sender_id = $2 WHERE sender_id = $1 AND conversation_id IN (` + wroteIn + `)`,
		`UPDATE conversations SET last_message_sender_id = $2 WHERE last_message_sender_id = $1 AND id IN (` + wroteIn + `)`,
		`UPDATE conversations SET last_interaction_sender_id = $2 WHERE last_interaction_sender_id = $1 AND id IN (` + wroteIn + `)`,
		`UPDATE conversations SET contact_id = $2, version = version + 1 WHERE contact_id = $1`,
		`INSERT INTO conversation_participants (conversation_id, user_id, created_at)
			SELECT conversation_id, $2, created_at FROM conversation_participants WHERE user_id = $1 ON CONFLICT DO NOTHING`,
	} {
		if _, err := tx.Exec(ctx, query, from, to); err != nil {
			return fmt.Errorf("move the conversations of contact %d to %d: %w", from, to, err)
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM conversation_participants WHERE user_id = $1`, from); err != nil {
		return fmt.Errorf("end the participation of contact %d: %w", from, err)
	}
	for _, c := range moved {
		h := head{ID: c.ID, UUID: c.UUID}
		if err := s.changed(ctx, tx, h, event.ConversationUpdated, actorID, "", map[string]any{"contact_id": to}, map[string]any{"contact_id": from}); err != nil {
			return err
		}
	}
	return nil
}

// ForgetContact implements [contact.Conversations]: it takes addresses and name out of the envelopes of messages, out of
// activity lines and out of what mail servers reported. The texts of messages stay.
func (s *Service) ForgetContact(ctx context.Context, tx *db.Tx, id int64, addresses []string, name string) error {
	f := newForgetting(addresses, name)
	if f == nil {
		return nil
	}
	type row struct {
		ID          int64
		SenderID    int64
		Type        string
		Content     string
		TextContent string
		Meta        db.JSON
		Bounces     *db.JSON
		LastError   *string
		Reached     *db.JSON
	}
	const batch = 500
	for last, more := int64(0), true; more; {
		rows, err := db.Select[row](ctx, tx, `SELECT m.id, m.sender_id, m.type, CASE WHEN m.type = 'activity' THEN m.content ELSE '' END AS content,
			CASE WHEN m.type = 'activity' THEN m.text_content ELSE '' END AS text_content, m.meta, o.bounces, o.last_error, o.reached
			FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
			WHERE m.id > $2 AND m.conversation_id IN (`+wroteIn+`) ORDER BY m.id LIMIT $3 + 0`, id, last, batch)
		if err != nil {
			return fmt.Errorf("read the messages of contact %d: %w", id, err)
		}
		for _, r := range rows {
			if err := f.message(ctx, tx, r.ID, r.Meta, r.SenderID == id); err != nil {
				return err
			}
			if r.Type == TypeActivity {
				if err := f.line(ctx, tx, r.ID, r.Content, r.TextContent); err != nil {
					return err
				}
			}
			if r.Bounces != nil {
				if err := f.delivery(ctx, tx, r.ID, *r.Bounces, *r.LastError, *r.Reached); err != nil {
					return err
				}
			}
		}
		if more = len(rows) == batch; more {
			last = rows[len(rows)-1].ID
		}
	}
	return nil
}

// forgetting replaces what says who somebody was.
type forgetting struct {
	addresses []string
	pattern   *regexp.Regexp // of the addresses and of the name before one
}

// newForgetting returns nil if there is no address to look for.
func newForgetting(addresses []string, name string) *forgetting {
	if len(addresses) == 0 {
		return nil
	}
	quoted := make([]string, len(addresses))
	for i, a := range addresses {
		quoted[i] = regexp.QuoteMeta(a)
	}
	any := `(?:` + strings.Join(quoted, "|") + `)`
	return &forgetting{addresses, regexp.MustCompile(`(?i)` + regexp.QuoteMeta(name) + ` \(` + any + `\)|` + any)}
}

func (f *forgetting) text(s string) string { return f.pattern.ReplaceAllString(s, contact.Erased) }

func (f *forgetting) is(address string) bool {
	bare := BareAddress(address)
	return slices.ContainsFunc(f.addresses, func(a string) bool { return strings.EqualFold(a, bare) || strings.EqualFold(a, address) })
}

// message forgets somebody in what is known of a message besides its text.
func (f *forgetting) message(ctx context.Context, tx *db.Tx, id int64, raw db.JSON, theirs bool) error {
	meta := metaOf(raw)
	for _, list := range []string{"from", "to", "cc", "bcc"} {
		if addresses, ok := meta[list].([]any); ok {
			meta[list] = slices.DeleteFunc(addresses, func(a any) bool {
				s, ok := a.(string)
				return ok && f.is(s)
			})
		}
	}
	if theirs {
		delete(meta, "from_name")
	}
	clean, _ := f.value(meta).(map[string]any)
	after, err := json.Marshal(clean)
	if err != nil || string(after) == string(db.ToJSON(metaOf(raw))) {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE messages SET meta = $2 WHERE id = $1`, id, db.JSON(after)); err != nil {
		return fmt.Errorf("forget somebody in message %d: %w", id, err)
	}
	return nil
}

// value forgets somebody in the texts of a JSON value.
func (f *forgetting) value(v any) any {
	switch v := v.(type) {
	case string:
		return f.text(v)
	case []any:
		for i := range v {
			v[i] = f.value(v[i])
		}
		return v
	case map[string]any:
		for key := range v {
			v[key] = f.value(v[key])
		}
		return v
	}
	return v
}

// line forgets somebody in an activity line.
func (f *forgetting) line(ctx context.Context, tx *db.Tx, id int64, content, text string) error {
	a, b := f.text(content), f.text(text)
	if a == content && b == text {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE messages SET content = $2, text_content = $3 WHERE id = $1`, id, a, b); err != nil {
		return fmt.Errorf("forget somebody in line %d: %w", id, err)
	}
	return nil
}

// delivery forgets somebody in what mail servers said of a reply, and in who has it.
func (f *forgetting) delivery(ctx context.Context, tx *db.Tx, id int64, bounces db.JSON, lastError string, reached db.JSON) error {
	a, b, c := f.text(string(bounces)), f.text(lastError), f.text(string(reached))
	if a == string(bounces) && b == lastError && c == string(reached) {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE outbox SET bounces = $2, last_error = $3, reached = $4 WHERE message_id = $1`, id, db.JSON(a), b, db.JSON(c)); err != nil {
		return fmt.Errorf("forget somebody in the delivery of %d: %w", id, err)
	}
	return nil
}
