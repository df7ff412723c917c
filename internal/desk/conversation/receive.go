package conversation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// Incoming is a message from the customer's side. Either HTML, already sanitised, or Text is its content.
type Incoming struct {
	InboxID  int64
	AuthorID int64 // the contact who wrote it
	Subject  string
	HTML     string
	Text     string // shown when HTML is empty; searchable in any case
	SourceID string
	Meta     map[string]any
	Cause    string
	// Automatic says that a program answered: the message is filed, and nothing more. Nobody is told, the conversation is not
	// reopened, and its customer does not wait for an answer.
	Automatic bool
	// Attach stores the message's files in the same transaction.
	Attach func(ctx context.Context, tx *db.Tx, messageID int64) error
	// Lead is what a message that opens a conversation answers without joining it; nil for nothing.
	Lead *Lead
	// Encloses, as [media.KindOf] gives it, stands for the message in lists when it has no words.
	Encloses string
}

// Received says where an incoming message was filed.
type Received struct {
	ConversationID   int64
	ConversationUUID string
	MessageID        int64
	MessageUUID      string
	New              bool // it opened a conversation
}

// OpenTx opens a conversation with its first message, in the caller's transaction.
func (s *Service) OpenTx(ctx context.Context, tx *db.Tx, in Incoming) (Received, error) {
	m := s.arrived(ctx, in)
	m.Opens, m.At, m.Preview = true, db.Now(), m.preview()
	h, err := s.open(ctx, tx, opening{ContactID: in.AuthorID, InboxID: in.InboxID, Subject: in.Subject, ActorID: in.AuthorID, Cause: in.Cause,
		First: &m, Waits: !in.Automatic})
	if err != nil {
		return Received{}, err
	}
	if err := in.Lead.store(ctx, tx, h.ID); err != nil {
		return Received{}, err
	}
	st, err := s.insert(ctx, tx, h, m)
	return Received{ConversationID: h.ID, ConversationUUID: h.UUID, MessageID: st.ID, MessageUUID: st.UUID, New: true}, err
}

// AppendTx adds an incoming message to a conversation, or to what it was merged into, reopening it if need be, in the
// caller's transaction.
func (s *Service) AppendTx(ctx context.Context, tx *db.Tx, conversationID int64, in Incoming) (Received, error) {
	h, err := lockFollowing(ctx, tx, conversationID)
	if err != nil {
		return Received{}, err
	}
	return s.receive(ctx, tx, h, in, false)
}

// arrived is the message to be stored of what came in.
func (s *Service) arrived(ctx context.Context, in Incoming) newMessage {
	m := newMessage{
		Type: TypeIncoming, Status: StatusReceived, Content: in.HTML, Text: in.Text, ContentType: "html",
		SenderID: in.AuthorID, SenderType: SenderContact, Meta: in.Meta, SourceID: in.SourceID, Cause: in.Cause, Attach: in.Attach,
		InboxID: in.InboxID,
	}
	if in.HTML == "" {
		m.Content, m.ContentType = in.Text, "text"
	} else if in.Text == "" {
		m.Text = htmlx.Text(in.HTML)
	}
	if strings.TrimSpace(m.Text) == "" {
		m.Preview = s.wordless(ctx, in.Encloses)
	}
	if in.Automatic {
		m.Silent = true
		m.Meta = maps.Clone(m.Meta)
		m.Meta["is_automated"] = true
	}
	return m
}

// receive stores an incoming message and does what follows from one: the clock of the waiting customer, the new
// participant, the reopening.
func (s *Service) receive(ctx context.Context, tx *db.Tx, h head, in Incoming, isNew bool) (Received, error) {
	m := s.arrived(ctx, in)
	joined, err := s.joins(ctx, tx, h, in.AuthorID)
	if err != nil {
		return Received{}, err
	}
	filedOnly := h.StatusID == spamID || in.Automatic
	waits := h.WaitingSince == nil && !filedOnly
	if waits {
		m.Also = alongside{`waiting_since = ?`, []any{db.Now()}}
	}
	st, err := s.insert(ctx, tx, h, m)
	if err != nil {
		return Received{}, err
	}
	out := Received{ConversationID: h.ID, ConversationUUID: h.UUID, MessageID: st.ID, MessageUUID: st.UUID, New: isNew}
	if waits && !isNew {
		if err := s.changed(ctx, tx, h, event.ConversationUpdated, in.AuthorID, in.Cause, map[string]any{"waiting_since": m.Also.args[0]}, nil); err != nil {
			return out, err
		}
	}
	cause := fmt.Sprintf("message:%d", st.ID)
	if joined != "" {
		system, err := s.system(ctx, tx)
		if err != nil {
			return out, err
		}
		if err := s.activity(ctx, tx, h, system, cause, "participant_added", map[string]string{"participant": joined}, alongside{}); err != nil {
			return out, err
		}
	}
	if isNew || filedOnly {
		return out, nil
	}
	return out, s.reopen(ctx, tx, h, cause)
}

// joins returns the name of an author who writes in the conversation for the first time and is not its contact.
func (s *Service) joins(ctx context.Context, tx *db.Tx, h head, author int64) (string, error) {
	if author == h.ContactID {
		return "", nil
	}
	var first, last string
	var email *string
	var there int
	err := tx.QueryRow(ctx, `SELECT first_name, last_name, email,
		(SELECT count(*) FROM conversation_participants WHERE conversation_id = $2 AND user_id = $1) FROM users WHERE id = $1`,
		author, h.ID).Scan(&first, &last, &email, &there)
	if err != nil {
		return "", fmt.Errorf("read the author: %w", err)
	}
	if there > 0 {
		return "", nil
	}
	if name := strings.TrimSpace(first + " " + last); email == nil || strings.EqualFold(name, *email) {
		return name, nil
	}
	return fmt.Sprintf("%s (%s)", strings.TrimSpace(first+" "+last), *email), nil
}

// reopen sets a conversation Open because the customer wrote, be it in the trash, or was not reached, and takes it from an agent who is away and wants that.
func (s *Service) reopen(ctx context.Context, tx *db.Tx, h head, cause string) error {
	open, err := s.ref.status(ctx, tx, Open)
	if err != nil || h.StatusID == open.ID {
		return err
	}
	system, err := s.system(ctx, tx)
	if err != nil {
		return err
	}
	if err := s.setStatus(ctx, tx, &h, system, cause, open, nil); err != nil {
		return err
	}
	if h.AssignedUserID == nil {
		return nil
	}
	var availability string
	if err := tx.QueryRow(ctx, `SELECT availability_status FROM users WHERE id = $1`, *h.AssignedUserID).Scan(&availability); err != nil {
		return fmt.Errorf("read availability: %w", err)
	}
	if availability != "away_and_reassigning" {
		return nil
	}
	return s.assign(ctx, tx, &h, system, cause, nil, h.AssignedTeamID)
}

// system returns Foyer itself as the actor of automatic changes.
func (s *Service) system(ctx context.Context, q db.Querier) (*agent.Principal, error) {
	p := &agent.Principal{IsSystem: true, Method: agent.ByProgram}
	err := q.QueryRow(ctx, `SELECT id, email, first_name, last_name FROM users WHERE is_system ORDER BY id LIMIT 1`).
		Scan(&p.ID, &p.Email, &p.FirstName, &p.LastName)
	if err != nil {
		return nil, fmt.Errorf("read the System user: %w", err)
	}
	return p, nil
}

// Thread is a conversation that a message may belong to.
type Thread struct {
	ConversationID int64
	ContactID      int64
	ContactEmail   string
	// Visitor says that its contact is known from a chat only, MailedAt when that went on by mail last.
	Visitor  bool
	MailedAt *db.Time
}

const threadColumns = `c.id, c.status_id, c.contact_id, COALESCE(u.email, ''), u.type = 'visitor', c.last_continuity_email_sent_at FROM conversations c JOIN users u ON u.id = c.contact_id `

// ThreadBySource returns the conversation, in one inbox, that holds a message with one of the Message-IDs. Of several,
// the one that holds the id named last wins: RFC 5322 §3.6.4 lists the nearest parent last.
func (s *Service) ThreadBySource(ctx context.Context, q db.Querier, inboxID int64, sourceIDs []string) (*Thread, error) {
	for i := len(sourceIDs) - 1; i >= 0; i-- {
		t, err := s.thread(ctx, q, `JOIN messages m ON m.conversation_id = c.id WHERE m.inbox_id = $1 AND m.source_id = $2`, inboxID, sourceIDs[i])
		if t != nil || err != nil {
			return t, err
		}
	}
	return nil, nil
}

// ThreadByUUID returns a conversation by its uuid, or what it was merged into; nil if there is none, or if neither it nor
// one that was merged into it is of the inbox, or of one whose chats go on by mail of the inbox.
func (s *Service) ThreadByUUID(ctx context.Context, q db.Querier, inboxID int64, id string) (*Thread, error) {
	return s.thread(ctx, q, `WHERE c.uuid = $2 AND (c.inbox_id = $1 OR EXISTS (SELECT 1 FROM inboxes ci WHERE ci.id = c.inbox_id AND ci.linked_email_inbox_id = $1) OR EXISTS (SELECT 1 FROM conversation_merges cm
		JOIN conversations mc ON mc.id = cm.conversation_id WHERE cm.target_id = c.id AND mc.inbox_id = $1))`, inboxID, strings.ToLower(id))
}

func (s *Service) thread(ctx context.Context, q db.Querier, where string, args ...any) (*Thread, error) {
	var t Thread
	var status int64
	err := q.QueryRow(ctx, `SELECT `+threadColumns+where+` LIMIT 1`, args...).Scan(&t.ConversationID, &status, &t.ContactID, &t.ContactEmail, &t.Visitor, &t.MailedAt)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the conversation of a message: %w", err)
	}
	if status != mergedID {
		return &t, nil
	}
	h, err := follow(ctx, q, head{ID: t.ConversationID, StatusID: status}, "")
	if err != nil {
		return nil, err
	}
	return s.thread(ctx, q, `WHERE c.id = $1`, h.ID)
}

// Involves reports whether an address takes part in a conversation: that of its contact, or of somebody merged into them, of
// somebody who wrote in it, or of somebody a message of it was sent to.
func (s *Service) Involves(ctx context.Context, q db.Querier, conversationID int64, email string) (bool, error) {
	email = strings.ToLower(email)
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM users u WHERE u.email = $2 AND (
		COALESCE(u.merged_into, u.id) = (SELECT contact_id FROM conversations WHERE id = $1) OR
		EXISTS (SELECT 1 FROM conversation_participants cp WHERE cp.conversation_id = $1 AND cp.user_id = COALESCE(u.merged_into, u.id)))`, conversationID, email).Scan(&n)
	if err != nil || n > 0 {
		return n > 0, err
	}
	found := false
	err = db.Each(ctx, q, func(r db.Rows) error {
		var meta db.JSON
		if err := r.Scan(&meta); err != nil {
			return err
		}
		var to struct{ From, To, Cc, Bcc []string }
		_ = meta.Decode(&to)
		for _, list := range [][]string{to.From, to.To, to.Cc, to.Bcc} {
			for _, a := range list {
				found = found || strings.EqualFold(BareAddress(a), email)
			}
		}
		return nil
	}, `SELECT meta FROM messages WHERE conversation_id = $1 AND type <> 'activity' AND NOT private ORDER BY id DESC LIMIT 100`, conversationID)
	if err != nil {
		return false, fmt.Errorf("look who takes part: %w", err)
	}
	return found, nil
}

// HasSource reports whether an inbox holds a message with a Message-ID.
func (s *Service) HasSource(ctx context.Context, q db.Querier, inboxID int64, sourceID string) (messageID int64, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM messages WHERE inbox_id = $1 AND source_id = $2`, inboxID, sourceID).Scan(&messageID)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return messageID, err
}

// Seen is whether the inbox of a mail has it already, or had it and it was deleted for good.
type Seen struct {
	MessageID int64 // 0 for none
	Purged    bool
}

// LookForSource looks for a mail by its Message-ID. What is found is in seen once the next statement of the transaction is answered.
func (s *Service) LookForSource(ctx context.Context, tx *db.Tx, inboxID int64, sourceID string, seen *Seen) error {
	return tx.LaterRow(ctx, "look for a mail in the desk", []any{&seen.MessageID, &seen.Purged},
		`SELECT COALESCE((SELECT id FROM messages WHERE inbox_id = $1 AND source_id = $2), 0),
			EXISTS (SELECT 1 FROM purged_sources WHERE inbox_id = $1 AND source_hash = $3)`, inboxID, sourceID, sourceHash(sourceID))
}
