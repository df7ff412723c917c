package conversation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// The kinds of message, who sends them, and how far they are.
const (
	TypeIncoming = "incoming"
	TypeOutgoing = "outgoing"
	TypeActivity = "activity"

	SenderAgent   = "agent"
	SenderContact = "contact"

	StatusReceived = "received"
	StatusPending  = "pending"
	StatusSent     = "sent"
	StatusFailed   = "failed"
)

// Message is one entry of a conversation's thread.
type Message struct {
	ID               int64              `json:"id"`
	CreatedAt        db.Time            `json:"created_at"`
	UpdatedAt        db.Time            `json:"updated_at"`
	UUID             string             `json:"uuid"`
	Type             string             `json:"type"`
	Status           string             `json:"status"`
	ConversationID   int64              `json:"conversation_id"`
	ConversationUUID string             `json:"conversation_uuid"`
	Content          string             `json:"content"`
	TextContent      string             `json:"text_content"`
	ContentType      string             `json:"content_type"`
	Private          bool               `json:"private"`
	SenderID         int64              `json:"sender_id"`
	SenderType       string             `json:"sender_type"`
	Meta             db.JSON            `json:"meta"`
	Attachments      []media.Attachment `json:"attachments"`
	Author           Author             `json:"author"`
	// Delivery says how a reply that leaves by mail fares; null for everything else. It is Foyer's addition.
	Delivery *Delivery `json:"delivery"`
	// Held says that it has not left yet; left out for every other message. It is Foyer's addition.
	Held *Held `json:"held,omitempty"`
	// Forged says that its sender is not who it says, as far as the server knows that took it in; left out otherwise. It is Foyer's addition.
	Forged bool `json:"forged,omitempty" doc:"The server that took the mail in found that it is not from who it says"`
}

// Author is who wrote a message.
type Author struct {
	ID                 int64    `json:"id"`
	FirstName          string   `json:"first_name"`
	LastName           string   `json:"last_name"`
	Email              *string  `json:"email"`
	AvatarURL          *string  `json:"avatar_url"`
	AvailabilityStatus string   `json:"availability_status"`
	Type               string   `json:"type"`
	LastActiveAt       *db.Time `json:"last_active_at"`
}

// Delivery is the state of a reply in the outbox: queued, sending, delayed, sent, failed or
// cancelled, with the server's words.
type Delivery struct {
	State         string   `json:"state"`
	Attempts      int64    `json:"attempts"`
	NextAttemptAt *db.Time `json:"next_attempt_at"`
	LastError     string   `json:"last_error"`
	// Bounces are the recipients whose copy came back after it had left, or is late on its way.
	Bounces []Bounce `json:"bounces,omitempty"`
}

// Page is one page of a list. Total is exact where a counter is kept and counted up to a bound elsewhere.
type Page[T any] struct {
	Results    []T   `json:"results"`
	Total      int64 `json:"total"`
	PerPage    int   `json:"per_page"`
	TotalPages int64 `json:"total_pages"`
	Page       int   `json:"page"`
	// NextCursor continues behind the last result, whatever was inserted meanwhile; left out at the end. Foyer's addition.
	NextCursor *string `json:"next_cursor,omitempty"`
}

const messageQuery = `SELECT m.id, m.created_at, m.updated_at, m.uuid, m.type, m.status, m.conversation_id, m.content, m.text_content,
	m.content_type, m.private, m.sender_id, m.sender_type, m.meta,
	u.first_name, u.last_name, u.email, u.avatar_url, u.availability_status, u.type, u.last_active_at,
	CASE WHEN o.cancelled THEN 'cancelled' ELSE o.state END, o.attempts, o.next_attempt_at, o.last_error, o.bounces
	FROM messages m JOIN users u ON u.id = m.sender_id LEFT JOIN outbox o ON o.message_id = m.id `

func scanMessage(r db.Row, conversationUUID string) (m Message, err error) {
	var state, lastError *string
	var attempts *int64
	var next *db.Time
	var bounces db.JSON
	err = r.Scan(&m.ID, &m.CreatedAt, &m.UpdatedAt, &m.UUID, &m.Type, &m.Status, &m.ConversationID, &m.Content, &m.TextContent,
		&m.ContentType, &m.Private, &m.SenderID, &m.SenderType, &m.Meta,
		&m.Author.FirstName, &m.Author.LastName, &m.Author.Email, &m.Author.AvatarURL, &m.Author.AvailabilityStatus, &m.Author.Type,
		&m.Author.LastActiveAt, &state, &attempts, &next, &lastError, &bounces)
	m.ConversationUUID, m.Author.ID = conversationUUID, m.SenderID
	if state != nil {
		m.Delivery = &Delivery{State: *state, Attempts: *attempts, LastError: *lastError, Bounces: OpenBounces(bounces)}
		if *state == "delayed" {
			m.Delivery.NextAttemptAt = next
		}
	}
	m.Forged = m.Type == TypeIncoming && forged(m.Meta)
	return m, err
}

// forged reports whether what is kept of a mail has a verdict by which its sender is not to be believed.
func forged(meta db.JSON) bool {
	if !bytes.Contains(meta, []byte(`"authentication"`)) {
		return false
	}
	var of struct {
		Authentication *mail.AuthResults `json:"authentication"`
	}
	return meta.Decode(&of) == nil && of.Authentication.Forged()
}

// messages reads messages of one conversation with attachments and addresses that a browser can follow.
func (s *Service) messages(ctx context.Context, q db.Querier, conversationUUID, tail string, args ...any) ([]Message, error) {
	out := make([]Message, 0, 32)
	err := db.Each(ctx, q, func(r db.Rows) error {
		m, err := scanMessage(r, conversationUUID)
		out = append(out, m)
		return err
	}, messageQuery+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	ids := make([]int64, 0, len(out))
	for i := range out {
		if out[i].Type != TypeActivity {
			ids = append(ids, out[i].ID)
		}
	}
	files, err := s.files.OfMessages(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Attachments = files[out[i].ID]; out[i].Attachments == nil {
			out[i].Attachments = []media.Attachment{}
		}
		if out[i].ContentType == "html" && strings.Contains(out[i].Content, "cid:") {
			if err := s.resolveInline(ctx, q, &out[i]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// resolveInline turns cid: references into signed addresses: those of the message's own files, then those of the
// conversation's other messages, which quoted history refers to. What cannot be resolved is left as it is and shows
// as a missing image.
func (s *Service) resolveInline(ctx context.Context, q db.Querier, m *Message) error {
	known := map[string]string{}
	for _, a := range m.Attachments {
		if a.ContentID != "" {
			known[a.ContentID] = a.URL
		}
	}
	var unknown []string
	htmlx.RewriteURLs(m.Content, func(_, _, url string) string {
		if cid, ok := strings.CutPrefix(url, "cid:"); ok && known[cid] == "" && len(unknown) < 100 {
			unknown = append(unknown, cid)
		}
		return url
	})
	if len(unknown) > 0 {
		in, args := db.In(2, unknown)
		err := db.Each(ctx, q, func(r db.Rows) error {
			var cid, id string
			err := r.Scan(&cid, &id)
			known[cid] = s.files.SignedURL(id)
			return err
		}, `SELECT f.content_id, f.uuid FROM media f JOIN messages m ON m.id = f.model_id AND f.model_type = 'messages'
			WHERE m.conversation_id = $1 AND f.content_id IN (`+in+`) ORDER BY f.id`, append([]any{m.ConversationID}, args...)...)
		if err != nil {
			return fmt.Errorf("find inline images: %w", err)
		}
	}
	m.Content = htmlx.RewriteURLs(m.Content, func(_, _, url string) string {
		if cid, ok := strings.CutPrefix(url, "cid:"); ok && known[cid] != "" {
			return known[cid]
		}
		return url
	})
	return nil
}

// Message returns one message of a conversation that p may read.
func (s *Service) Message(ctx context.Context, p *agent.Principal, conversation, message string) (*Message, error) {
	h, err := readable(ctx, s.db, p, conversation)
	if err != nil {
		return nil, err
	}
	return s.message(ctx, s.db, h, message)
}

func (s *Service) message(ctx context.Context, q db.Querier, h head, message string) (*Message, error) {
	if _, err := uuid.Parse(message); err != nil {
		return nil, fault.Field("uuid", "error.uuid_invalid")
	}
	ms, err := s.messages(ctx, q, h.UUID, `WHERE m.uuid = $1 AND m.conversation_id = $2`, message, h.ID)
	if err != nil {
		return nil, err
	}
	if len(ms) == 0 {
		return nil, fault.Missing("message")
	}
	return &ms[0], nil
}

// newMessage is a message to be stored.
type newMessage struct {
	Type, Status, Content, Text, ContentType string
	Private, Silent                          bool // Silent: nobody is told
	SenderID                                 int64
	SenderType                               string
	Meta                                     map[string]any
	SourceID, EchoID                         string
	Preview                                  string // in place of Text in lists
	Cause                                    string
	Attach                                   func(ctx context.Context, tx *db.Tx, messageID int64) error
	Also                                     alongside
	UUID                                     string  // "" for a new one
	InboxID                                  int64   // by which it came; 0 for the conversation's
	At                                       db.Time // zero for now
	Opens                                    bool    // its conversation was inserted as it is with the message
}

// preview is what stands for the message in lists.
func (m newMessage) preview() string {
	if m.Preview != "" {
		return m.Preview
	}
	return htmlx.Preview(m.Text, previewLength)
}

// alongside are other columns of the conversation that change with a message. Written in one statement with its preview
// they cost the many indexes of a conversation one change instead of two. set is "column = ?, …".
type alongside struct {
	set  string
	args []any
}

// with returns the columns of both.
func (a alongside) with(b alongside) alongside {
	if b.set == "" {
		return a
	}
	return alongside{a.set + ", " + b.set, slices.Concat(a.args, b.args)}
}

// numbered returns the assignments with placeholders from number first on, behind a comma.
func (a alongside) numbered(first int) string {
	if a.set == "" {
		return ""
	}
	var sb strings.Builder
	sb.WriteString(", ")
	for _, c := range a.set {
		if c == '?' {
			sb.WriteString("$" + strconv.Itoa(first))
			first++
			continue
		}
		sb.WriteRune(c)
	}
	return sb.String()
}

// stored is what became of it.
type stored struct {
	ID   int64
	UUID string
	At   db.Time
}

// insert stores a message, makes its sender a participant, refreshes the conversation's preview and appends the
// event. The conversation's row is locked by the caller.
func (s *Service) insert(ctx context.Context, tx *db.Tx, h head, m newMessage) (stored, error) {
	out := stored{UUID: m.UUID, At: m.At}
	if out.At.IsZero() {
		out.At = db.Now()
	}
	if out.UUID == "" {
		out.UUID = db.NewUUID()
	}
	if m.Meta == nil {
		m.Meta = map[string]any{}
	}
	if m.InboxID == 0 {
		m.InboxID = h.InboxID
	}
	var source, echo *string
	if m.SourceID != "" {
		source = &m.SourceID
	}
	if m.EchoID != "" {
		echo = &m.EchoID
	}
	var err error
	out.ID, err = tx.Insert(ctx, `INSERT INTO messages (created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content,
		text_content, content_type, private, sender_id, sender_type, meta, source_id, echo_id)
		VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		out.At, out.UUID, h.ID, m.InboxID, m.Type, m.Status, m.Content, m.Text, m.ContentType, m.Private, m.SenderID, m.SenderType,
		db.ToJSON(m.Meta), source, echo)
	if err != nil {
		return out, fmt.Errorf("store message: %w", err)
	}
	if m.Attach != nil {
		if err := m.Attach(ctx, tx, out.ID); err != nil {
			return out, err
		}
	}
	if err := tx.Later(ctx, "add participant", `INSERT INTO conversation_participants (conversation_id, user_id, created_at) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, h.ID, m.SenderID, out.At); err != nil {
		return out, err
	}
	preview := m.preview()
	if !m.Opens {
		if err := refresh(ctx, tx, h, m, preview, out.At); err != nil {
			return out, err
		}
	}
	return out, s.append(ctx, tx, event.New{Type: event.MessageCreated, ConversationID: h.ID, ActorID: m.SenderID, Cause: m.Cause,
		Payload: MessageCreatedPayload{
			ConversationUUID: h.UUID, UUID: out.UUID, Type: m.Type, Private: m.Private, Preview: preview, CreatedAt: out.At,
			SenderType: m.SenderType, EchoID: m.EchoID, Change: m.Meta["activity_type"], MessageID: out.ID, AssignedUserID: h.AssignedUserID,
			Silent: m.Silent || (m.Type == TypeIncoming && h.StatusID == spamID),
		}})
}

// refresh makes a conversation show its latest message.
func refresh(ctx context.Context, tx *db.Tx, h head, m newMessage, preview string, at db.Time) error {
	set := `last_message = $2, last_message_at = $3, last_message_sender = $4, last_message_sender_id = $5`
	if !m.Private && m.Type != TypeActivity {
		set += `, last_interaction = $2, last_interaction_at = $3, last_interaction_sender = $4, last_interaction_sender_id = $5`
	}
	return tx.Later(ctx, "refresh conversation", `UPDATE conversations SET `+set+m.Also.numbered(6)+`, updated_at = $3, version = version + 1 WHERE id = $1`,
		append([]any{h.ID, preview, at, m.SenderType, m.SenderID}, m.Also.args...)...)
}

// previewLength is how many characters of a message its conversation shows in lists.
const previewLength = 200

// activity writes an activity line and everything that comes with one, and the changes of the conversation it tells of.
func (s *Service) activity(ctx context.Context, tx *db.Tx, h head, actor *agent.Principal, cause, kind string, params map[string]string, also alongside) error {
	text := activityText(kind, actor.Name(), params)
	meta := map[string]any{"activity_type": kind, "params": params}
	_, err := s.insert(ctx, tx, h, newMessage{
		Type: TypeActivity, Status: StatusSent, Content: text, Text: text, ContentType: "text", Private: true,
		SenderID: actor.ID, SenderType: SenderAgent, Meta: meta, Cause: cause, Also: also,
	})
	return err
}

// activityText is the English line, kept for clients that show text_content; the web app words its own from meta.
func activityText(kind, actor string, p map[string]string) string {
	switch kind {
	case "status_change":
		if p["status"] == Trash {
			return fmt.Sprintf("%s moved the conversation to the trash", actor)
		}
		return fmt.Sprintf("%s marked the conversation as %s", actor, p["status"])
	case "subject_change":
		return fmt.Sprintf("%s changed the subject to %s", actor, p["subject"])
	case "priority_change":
		return fmt.Sprintf("%s set priority to %s", actor, p["priority"])
	case "priority_removed":
		return fmt.Sprintf("%s removed the priority", actor)
	case "assigned_user_change":
		return fmt.Sprintf("%s assigned the conversation to %s", actor, p["agent"])
	case "assigned_team_change":
		return fmt.Sprintf("%s assigned the conversation to team %s", actor, p["team"])
	case "self_assign":
		return fmt.Sprintf("%s took the conversation", actor)
	case "unassigned_user":
		return fmt.Sprintf("%s removed the assigned agent", actor)
	case "unassigned_team":
		return fmt.Sprintf("%s removed the assigned team", actor)
	case "tag_added":
		return fmt.Sprintf("%s added tag %s", actor, p["tag"])
	case "tag_removed":
		return fmt.Sprintf("%s removed tag %s", actor, p["tag"])
	case "bounced":
		return fmt.Sprintf("The reply to %s came back: %s", p["recipient"], p["reason"])
	case "merged_from":
		return fmt.Sprintf("%s merged conversation #%s into this one", actor, p["reference"])
	case "merged_into":
		return fmt.Sprintf("%s merged this conversation into #%s", actor, p["reference"])
	case "unmerged_from":
		return fmt.Sprintf("%s separated conversation #%s from this one again", actor, p["reference"])
	case "unmerged_into":
		return fmt.Sprintf("%s separated this conversation from #%s again", actor, p["reference"])
	case "split_from":
		return fmt.Sprintf("%s split this conversation off from #%s", actor, p["reference"])
	case "split_into":
		return fmt.Sprintf("%s split messages off into conversation #%s", actor, p["reference"])
	case "participant_added":
		return fmt.Sprintf("%s joined the conversation", p["participant"])
	}
	return kind
}

// metaOf decodes a message's meta.
func metaOf(raw db.JSON) map[string]any {
	m := map[string]any{}
	_ = json.Unmarshal(raw, &m) // written by this package
	return m
}
