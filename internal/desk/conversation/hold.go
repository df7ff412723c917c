package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// Why a reply waits: so that its writer can undo it, or because it is to leave at a time.
const (
	HeldToUndo    = "undo"
	HeldScheduled = "scheduled"
)

// maxHold is how far ahead a reply may be scheduled.
const maxHold = 366 * 24 * time.Hour

// Held says of a reply that it has not left yet. Nothing of it is known to the customer, to lists, counters and searches:
// it becomes a message, under the same uuid, at SendAt, and until then it can be taken back without a trace.
type Held struct {
	SendAt db.Time `json:"send_at"`
	Kind   string  `json:"kind" enum:"undo,scheduled"`
	// Status is the status that the conversation gets when it leaves.
	Status string `json:"status,omitempty"`
	// UnlessAnswered stops it if somebody else writes before.
	UnlessAnswered bool `json:"unless_answered"`
	// Stopped says why it did not leave at its time: its writer decides.
	Stopped string `json:"stopped,omitempty" enum:"answered,forbidden,hidden,inbox,refused"`
}

// What can be announced of a held reply.
const (
	HeldBegun     = "held"
	HeldChanged   = "changed"
	HeldWithdrawn = "withdrawn"
	HeldStopped   = "stopped" // it did not leave at its time
)

// HeldPayload announces that a held reply is there, has changed, was taken back or did not leave at its time.
type HeldPayload struct {
	ConversationUUID string `json:"conversation_uuid"`
	UUID             string `json:"uuid"`
	State            string `json:"state"`
	SenderID         int64  `json:"sender_id"`
	Reason           string `json:"reason,omitempty"` // of stopped
}

// ReleaseJob lets a held reply leave. SendAt is the time it was held until, in microseconds since 1970, so that a job of an
// earlier time does nothing.
type ReleaseJob struct {
	HeldID int64 `json:"held_id"`
	SendAt int64 `json:"send_at"`
}

// Kind implements jobs.Args.
func (ReleaseJob) Kind() string { return "conversation.release" }

// holding returns why and until when a reply is held in an inbox; kind is "" for one that leaves at once.
func (in *Send) holding(channel string) (kind string, until db.Time) {
	switch {
	case in.SendAt != nil:
		return HeldScheduled, *in.SendAt
	case in.Hold > 0 && channel == "email" && !in.Private && in.SenderType == SenderAgent:
		return HeldToUndo, db.At(time.Now().Add(in.Hold))
	}
	return "", db.Time{}
}

func (in *Send) validateHold() error {
	if in.SendAt == nil {
		return nil
	}
	if in.Private || in.SenderType == SenderContact {
		return fault.Field("send_at", "error.send_at_reply")
	}
	if now := time.Now(); !in.SendAt.After(now) || in.SendAt.After(now.Add(maxHold)) {
		return fault.Field("send_at", "error.send_at")
	}
	return nil
}

// held is a row of held_replies.
type held struct {
	ID             int64
	CreatedAt      db.Time
	UUID           string
	ConversationID int64
	SenderID       int64
	Kind           string
	SendAt         db.Time
	Known          int64
	Stopped        string
	request        heldRequest
}

// heldRequest is what is kept of what was sent. Files are the uuids of the attachments, by which they are not collected.
type heldRequest struct {
	Send
	Files []string
}

const heldColumns = `id, created_at, uuid, conversation_id, sender_id, kind, send_at, known, stopped, request`

func (r *held) scan(row db.Row) error {
	var request db.JSON
	err := row.Scan(&r.ID, &r.CreatedAt, &r.UUID, &r.ConversationID, &r.SenderID, &r.Kind, &r.SendAt, &r.Known, &r.Stopped, &request)
	if err != nil {
		return err
	}
	return request.Decode(&r.request)
}

// readHeld reads one held reply; db.ErrNoRows if there is none.
func readHeld(ctx context.Context, q db.Querier, where string, args ...any) (r held, err error) {
	err = r.scan(q.QueryRow(ctx, `SELECT `+heldColumns+` FROM held_replies WHERE `+where, args...))
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		err = fmt.Errorf("read held reply: %w", err)
	}
	return r, err
}

// hold keeps a reply until its time. Everything that would refuse it then, as far as it is known now, refuses it now. The
// conversation is locked by the caller.
func (s *Service) hold(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, kind string, until db.Time, in Send) (string, error) {
	files, err := s.files.Known(ctx, tx, in.Attachments)
	if err != nil {
		return "", err
	}
	r := held{UUID: db.NewUUID(), request: heldRequest{Send: in}}
	for _, f := range files {
		r.request.Files = append(r.request.Files, f.UUID)
	}
	var echo *string
	if in.EchoID != "" {
		echo = &in.EchoID
	}
	err = tx.QueryRow(ctx, `INSERT INTO held_replies (created_at, uuid, conversation_id, sender_id, echo_id, kind, send_at, known, request)
		VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT COALESCE(max(id), 0) FROM messages WHERE conversation_id = $3), $8) RETURNING id`,
		db.Now(), r.UUID, h.ID, p.ID, echo, kind, until, db.ToJSON(r.request)).Scan(&r.ID)
	if err != nil {
		return "", fmt.Errorf("hold reply: %w", err)
	}
	if err := s.releaseAt(ctx, tx, r.ID, until); err != nil {
		return "", err
	}
	return r.UUID, s.heldChanged(ctx, tx, h, p.ID, r.UUID, p.ID, HeldBegun)
}

func (s *Service) releaseAt(ctx context.Context, tx *db.Tx, id int64, at db.Time) error {
	return s.jobs.Insert(ctx, tx, ReleaseJob{HeldID: id, SendAt: at.UnixMicro()}, jobs.Options{At: at.Time})
}

func (s *Service) heldChanged(ctx context.Context, tx *db.Tx, h head, actor int64, id string, sender int64, state string) error {
	return s.announceHeld(ctx, tx, h, actor, HeldPayload{UUID: id, State: state, SenderID: sender})
}

func (s *Service) announceHeld(ctx context.Context, tx *db.Tx, h head, actor int64, payload HeldPayload) error {
	payload.ConversationUUID = h.UUID
	return s.append(ctx, tx, event.New{Type: event.MessageHeld, ConversationID: h.ID, ActorID: actor, Payload: payload})
}

// HeldReplies returns the replies of a conversation that have not left yet, the next first, as the messages they become.
func (s *Service) HeldReplies(ctx context.Context, p *agent.Principal, conversation string) ([]Message, error) {
	h, err := readable(ctx, s.db, p, conversation)
	if err != nil {
		return nil, err
	}
	return s.heldMessages(ctx, s.db, p, h, `conversation_id = $1`, h.ID)
}

// heldMessages reads held replies as messages. Their texts are shown as they will be sent.
func (s *Service) heldMessages(ctx context.Context, q db.Querier, p *agent.Principal, h head, where string, args ...any) ([]Message, error) {
	var rows []held
	err := db.Each(ctx, q, func(r db.Rows) error {
		var one held
		err := one.scan(r)
		rows = append(rows, one)
		return err
	}, `SELECT `+heldColumns+` FROM held_replies WHERE `+where+` ORDER BY send_at, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read held replies: %w", err)
	}
	out := make([]Message, 0, len(rows))
	for _, r := range rows {
		m, err := s.asHeldMessage(ctx, q, p, h, r)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (s *Service) asHeldMessage(ctx context.Context, q db.Querier, p *agent.Principal, h head, r held) (Message, error) {
	in := r.request.Send
	m := Message{CreatedAt: r.CreatedAt, UpdatedAt: r.CreatedAt, UUID: r.UUID, Type: TypeOutgoing, Status: StatusPending, ConversationID: h.ID,
		ConversationUUID: h.UUID, ContentType: "html", SenderID: r.SenderID, SenderType: SenderAgent, Attachments: []media.Attachment{},
		Held: &Held{SendAt: r.SendAt, Kind: r.Kind, Status: in.Status, UnlessAnswered: in.UnlessAnswered, Stopped: r.Stopped}}
	a := &m.Author
	a.ID = r.SenderID
	err := q.QueryRow(ctx, `SELECT first_name, last_name, email, avatar_url, availability_status, type, last_active_at FROM users WHERE id = $1`, r.SenderID).
		Scan(&a.FirstName, &a.LastName, &a.Email, &a.AvatarURL, &a.AvailabilityStatus, &a.Type, &a.LastActiveAt)
	if err != nil {
		return m, fmt.Errorf("read who holds a reply: %w", err)
	}
	meta := in.meta()
	m.Meta = db.ToJSON(meta)
	text := in.Message
	if in.Forward != nil {
		original, err := s.passedOn(ctx, p, h.UUID, *in.Forward)
		if err != nil && fault.KindOf(err) == fault.Internal {
			return m, err
		}
		if err == nil {
			text = withForward(text, *in.Forward, original)
			m.Attachments = chosen(original.Attachments, in.Forward.Files)
		}
	}
	author := &agent.Principal{ID: a.ID, FirstName: a.FirstName, LastName: a.LastName, Email: orEmpty(a.Email)}
	if text, err = s.fillVariables(ctx, q, h, author, s.write(text).html); err != nil {
		return m, err
	}
	d, err := s.resolveDrafts(ctx, p, []draftRow{{Draft: Draft{Content: text, Meta: db.JSON(`{}`)}, AssignedUserID: h.AssignedUserID, AssignedTeamID: h.AssignedTeamID}})
	if err != nil {
		return m, err
	}
	m.Content, m.TextContent = d[0].Content, htmlx.Text(text)
	files, err := s.files.Known(ctx, q, in.Attachments)
	if err != nil && !fault.Is(err, fault.Invalid) {
		return m, err
	}
	for _, f := range files {
		m.Attachments = append(m.Attachments, media.Attachment{Name: f.Filename, Size: f.Size, ContentType: f.ContentType,
			Disposition: media.Attached, UUID: f.UUID, URL: f.URL})
	}
	return m, nil
}

// chosen are the attachments with one of the uuids.
func chosen(all []media.Attachment, ids []string) []media.Attachment {
	out := []media.Attachment{}
	for _, a := range all {
		if slices.Contains(ids, a.UUID) {
			out = append(out, a)
		}
	}
	return out
}

// heldMessage reads one held reply as the message it becomes; NotFound if it is not held any more.
func (s *Service) heldMessage(ctx context.Context, p *agent.Principal, h head, id string) (*Message, error) {
	ms, err := s.heldMessages(ctx, s.db, p, h, `uuid = $1 AND conversation_id = $2`, id, h.ID)
	if err != nil {
		return nil, err
	}
	if len(ms) == 0 {
		return nil, fault.Missing("message")
	}
	return &ms[0], nil
}
