package conversation

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Mention names an agent or a team in a private note.
type Mention struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
}

// Draft message limits, so that one request cannot fill the desk.
const (
	maxContent     = 2 << 20
	maxRecipients  = 100
	maxAttachments = 200
)

// Send is a message that an agent sends: a reply, a private note, or (with the permission) one as the contact.
type Send struct {
	Message     string
	SenderType  string
	Private     bool
	To, CC, BCC []string
	Attachments []int64
	Mentions    []Mention
	EchoID      string
	// SeenMessage is the uuid of the newest public message that the writer of a reply knew; "" for not looking.
	SeenMessage string
	// Subject is that of a reply's mail; "" is the conversation's.
	Subject string
	// SeenHeld are the uuids of replies that others hold and the writer knew.
	SeenHeld []string
	// Status is the status that the conversation gets with the message, by name; "" leaves it.
	Status string
	// Hold is for how long a reply by mail waits, so that its writer can undo it.
	Hold time.Duration `json:"-"`
	// SendAt is when a reply leaves, nil for at once; UnlessAnswered stops it then if others have written meanwhile.
	SendAt         *db.Time `json:"-"`
	UnlessAnswered bool
	// Unsigned is a reply by mail that leaves without signatures.
	Unsigned bool
	// Forward is what a reply passes on to somebody else; nil for nothing. It answers nobody then, and no clock stops.
	Forward *Forward

	uuid string // the message's to be; "" for a new one
}

func (in *Send) validate() error {
	in.To, in.CC, in.BCC, in.Subject = blanksOff(in.To), blanksOff(in.CC), blanksOff(in.BCC), strings.TrimSpace(in.Subject)
	if in.SenderType != SenderAgent && in.SenderType != SenderContact {
		return fault.Field("sender_type", "error.unknown_value", "value", in.SenderType)
	}
	if in.Forward != nil && (in.Private || in.SenderType == SenderContact) {
		return fault.Field("forward", "error.forward_private")
	}
	if in.Private && in.SenderType == SenderContact {
		return fault.Field("private", "error.contact_private")
	}
	if err := in.validateHold(); err != nil {
		return err
	}
	if len(in.Message) > maxContent {
		return fault.TooLong("message", maxContent)
	}
	if err := checkTexts("echo_id", 200, in.EchoID); err != nil {
		return err
	}
	if err := checkTexts("subject", maxSubject, in.Subject); err != nil {
		return err
	}
	if len(in.SeenHeld) > maxAttachments {
		return fault.Field("seen_held", "error.too_many", "max", fmt.Sprint(maxAttachments))
	}
	if len(in.Attachments) > maxAttachments {
		return fault.Field("attachments", "error.too_many", "max", fmt.Sprint(maxAttachments))
	}
	for field, list := range map[string][]string{"to": in.To, "cc": in.CC, "bcc": in.BCC} {
		if len(list) > maxRecipients {
			return fault.Field(field, "error.too_many", "max", fmt.Sprint(maxRecipients))
		}
		for _, a := range list {
			if _, err := mail.ParseAddress(a); err != nil || strings.ContainsAny(a, "\r\n") {
				return fault.Field(field, "error.address_invalid", "value", a)
			}
		}
	}
	return nil
}

func blanksOff(list []string) []string {
	var out []string
	for _, a := range list {
		if a = strings.TrimSpace(a); a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// inboxOf is what sending looks at of an inbox.
type inboxOf struct {
	Channel string
	Enabled bool
	From    string
	Deleted *db.Time
}

func readInbox(ctx context.Context, q db.Querier, id int64) (in inboxOf, err error) {
	err = q.QueryRow(ctx, `SELECT channel, enabled, from_address, deleted_at FROM inboxes WHERE id = $1`, id).
		Scan(&in.Channel, &in.Enabled, &in.From, &in.Deleted)
	if errors.Is(err, db.ErrNoRows) || (err == nil && in.Deleted != nil) {
		return in, fault.Field("inbox_id", "error.inbox_gone")
	}
	if err != nil {
		return in, fmt.Errorf("read inbox %d: %w", id, err)
	}
	if !in.Enabled {
		return in, fault.Field("inbox_id", "error.inbox_disabled")
	}
	return in, nil
}

// SendMessage stores a message of an agent and lets it leave, or holds it for a time ([Held]). Repeating a call with the same
// echo id returns the message that the first call stored. Errors: Invalid names the field; Forbidden; NotFound; Conflict with
// the messages that others wrote, or hold to undo, since SeenMessage, oldest first, as its Data.
func (s *Service) SendMessage(ctx context.Context, p *agent.Principal, conversation string, in Send) (*Message, error) {
	// What costs time is done before the transaction.
	if err := s.prepareForward(ctx, p, conversation, &in); err != nil {
		return nil, err
	}
	w := s.write(in.Message)
	var h head
	var message string
	waits := false
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if h, err = lock(ctx, tx, p, conversation); err != nil {
			return err
		}
		if err := in.validate(); err != nil {
			return err
		}
		if in.SenderType == SenderContact && !p.Can(role.MessagesWriteAsContact) {
			return fault.Denied()
		}
		inbox, err := readInbox(ctx, tx, h.InboxID)
		if err != nil {
			return err
		}
		if in.EchoID != "" {
			err := tx.QueryRow(ctx, `SELECT uuid FROM messages WHERE conversation_id = $1 AND sender_id = $2 AND echo_id = $3`,
				h.ID, p.ID, in.EchoID).Scan(&message)
			if !errors.Is(err, db.ErrNoRows) {
				return err
			}
			r, err := readHeld(ctx, tx, `conversation_id = $1 AND sender_id = $2 AND echo_id = $3`, h.ID, p.ID, in.EchoID)
			if message, waits = r.UUID, err == nil; !errors.Is(err, db.ErrNoRows) {
				return err
			}
		}
		if err := s.mayThen(ctx, p, in.Status); err != nil {
			return err
		}
		switch {
		case in.SenderType == SenderContact:
			message, err = s.asContact(ctx, tx, h, p, in, w)
		case in.Private:
			message, err = s.note(ctx, tx, h, p, in, w)
		default:
			if err := s.nothingNew(ctx, tx, h, p, in); err != nil {
				return err
			}
			if err := s.mayReply(h, inbox, in); err != nil {
				return err
			}
			kind, until := in.holding(inbox.Channel)
			if waits = kind != ""; waits {
				message, err = s.hold(ctx, tx, h, p, kind, until, in)
				return err
			}
			message, err = s.reply(ctx, tx, h, p, inbox, in, w)
		}
		if err != nil {
			return err
		}
		return s.thenStatus(ctx, tx, &h, p, in.Status)
	})
	if err != nil {
		return nil, s.withRivals(ctx, p, h, in, err)
	}
	if waits {
		return s.heldMessage(ctx, p, h, message)
	}
	return s.message(ctx, s.db, h, message)
}

// mayThen returns an error unless p may set the status that goes with a message, "" for none.
func (s *Service) mayThen(ctx context.Context, p *agent.Principal, status string) error {
	if status == "" {
		return nil
	}
	if !p.Can(role.ConversationsUpdateStatus) {
		return fault.Denied()
	}
	if status == Snoozed {
		return fault.Field("status", "error.unknown_value", "value", status)
	}
	_, err := s.ref.status(ctx, s.db, status)
	return err
}

// thenStatus sets the status that goes with a message, in the transaction that stores it.
func (s *Service) thenStatus(ctx context.Context, tx *db.Tx, h *head, p *agent.Principal, name string) error {
	if name == "" {
		return nil
	}
	status, err := s.ref.status(ctx, tx, name)
	if err != nil || status.ID == h.StatusID {
		return err
	}
	return s.setStatus(ctx, tx, h, p, "", status, nil)
}

func (s *Service) asContact(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, in Send, w written) (string, error) {
	kind, err := encloses(ctx, tx, w.text, in.Attachments, w.inline)
	if err != nil {
		return "", err
	}
	got, err := s.receive(ctx, tx, h, Incoming{
		AuthorID: h.ContactID, HTML: w.html, Text: w.text, Cause: fmt.Sprintf("agent:%d", p.ID),
		Encloses: kind, Attach: s.attach(in.Attachments, w.inline),
	}, false)
	return got.MessageUUID, err
}

func (s *Service) note(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, in Send, w written) (string, error) {
	m, err := s.compose(ctx, tx, h, p, in, w)
	if err != nil {
		return "", err
	}
	m.Private, m.Status = true, StatusSent
	st, err := s.insert(ctx, tx, h, m)
	if err != nil {
		return "", err
	}
	return st.UUID, s.mention(ctx, tx, h, p, st, in.Mentions)
}

// mayReply returns why a reply cannot leave by an inbox; nil if it can.
func (s *Service) mayReply(h head, inbox inboxOf, in Send) error {
	switch {
	case hidden(h.StatusID):
		return fault.New(fault.Conflict, "error.conversation_hidden")
	case s.on[inbox.Channel] == nil:
		return fault.Field("inbox_id", "error.channel_cannot_reply")
	case inbox.Channel == "email" && len(in.To) == 0:
		return fault.Required("to")
	case inbox.Channel != "email" && in.Forward != nil:
		return fault.Field("forward", "error.forward_mail")
	}
	return nil
}

// meta is what a reply's meta says of how it was sent.
func (in *Send) meta() map[string]any {
	m := map[string]any{}
	for key, list := range map[string][]string{"to": in.To, "cc": in.CC, "bcc": in.BCC} {
		if len(list) > 0 {
			m[key] = list
		}
	}
	if in.Subject != "" {
		m["subject"] = in.Subject
	}
	if in.EchoID != "" {
		m["echo_id"] = in.EchoID
	}
	if in.Forward != nil {
		m["forward_of"] = in.Forward.Message
	}
	if in.Unsigned {
		m["unsigned"] = true
	}
	return m
}

func (s *Service) reply(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, inbox inboxOf, in Send, w written) (string, error) {
	if err := s.mayReply(h, inbox, in); err != nil {
		return "", err
	}
	if inbox.Channel != "email" {
		in.To, in.CC, in.BCC, in.Subject = nil, nil, nil, ""
	}
	m, err := s.compose(ctx, tx, h, p, in, w)
	if err != nil {
		return "", err
	}
	m.UUID, m.Status, m.EchoID, m.Meta = in.uuid, StatusPending, in.EchoID, in.meta()
	if inbox.Channel == "email" {
		m.SourceID = messageID(h.UUID, inbox.From)
	}
	st, err := s.insert(ctx, tx, h, m)
	if err != nil {
		return "", err
	}
	return st.UUID, s.on[inbox.Channel](ctx, tx, Outgoing{MessageID: st.ID, ConversationID: h.ID, InboxID: h.InboxID})
}

// messageID makes the Message-ID of a reply (RFC 5322 §3.6.4), without brackets. It is fixed when the reply is queued,
// so that every attempt to send it is the same mail.
func messageID(conversation, from string) string {
	_, domain, ok := strings.Cut(BareAddress(from), "@")
	if !ok {
		domain = "localhost"
	}
	return fmt.Sprintf("%s-%d-%s@%s", conversation, db.Now().UnixNano(), crypt.Token(11), domain)
}

// written is what somebody wrote, made safe: own images are named by their content id, and text is what it says in words.
type written struct {
	html, text string
	preview    string   // of the text
	inline     []string // uuids of own images in it
}

// write makes HTML safe to store and to show.
func (s *Service) write(html string) (w written) {
	root := s.root()
	w.html = htmlx.RewriteURLs(html, func(tag, attr, url string) string {
		if id := ownImage(root, url); tag == "img" && attr == "src" && id != "" {
			w.inline = append(w.inline, id)
			return "cid:" + media.InlineContentID(id)
		}
		return url
	})
	w.html = htmlx.Sanitize(w.html) // after that: it removes addresses without a host, which own images may have
	w.text = htmlx.Text(w.html)
	w.preview = htmlx.Preview(w.text, previewLength)
	return w
}

// root is where the desk's web app is; "" if that is not known.
func (s *Service) root() string {
	if s.RootURL == nil {
		return ""
	}
	return s.RootURL()
}

// compose makes the message of what an agent wrote, with the variables in it filled in.
func (s *Service) compose(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, in Send, w written) (newMessage, error) {
	m := newMessage{Type: TypeOutgoing, Content: w.html, Text: w.text, ContentType: "html", SenderID: p.ID, SenderType: SenderAgent,
		Meta: map[string]any{}, Attach: s.attach(in.Attachments, w.inline), Preview: w.preview}
	if strings.Contains(w.html, "{{") {
		var err error
		if m.Content, err = s.fillVariables(ctx, tx, h, p, w.html); err != nil {
			return m, err
		}
		m.Text, m.Preview = htmlx.Text(m.Content), ""
	}
	if strings.TrimSpace(m.Text) == "" {
		kind, err := encloses(ctx, tx, m.Text, in.Attachments, w.inline)
		if err != nil {
			return m, err
		}
		m.Preview = s.wordless(ctx, kind)
	}
	return m, nil
}

// attach returns what makes uploaded files and images part of a message; nil where there are none.
func (s *Service) attach(files []int64, inline []string) func(ctx context.Context, tx *db.Tx, messageID int64) error {
	if len(files)+len(inline) == 0 {
		return nil
	}
	return func(ctx context.Context, tx *db.Tx, id int64) error {
		if err := s.files.Link(ctx, tx, files, id); err != nil {
			return err
		}
		return s.files.LinkInline(ctx, tx, inline, id)
	}
}

// wordless stands for a message without words, in the desk's language, by the kind of what it encloses; "" for nothing.
func (s *Service) wordless(ctx context.Context, kind string) string {
	if kind == "" {
		return ""
	}
	return s.say(ctx, "conversation.wordless."+kind)
}

// say returns a text of the catalogue in the desk's language.
func (s *Service) say(ctx context.Context, key string) string {
	lang := i18n.Default
	if s.Language != nil {
		lang = s.Language(ctx)
	}
	return i18n.T(lang, key, nil)
}

// encloses returns the kind of what a message encloses, "" for one that has words or nothing in it.
func encloses(ctx context.Context, q db.Querier, text string, files []int64, inline []string) (string, error) {
	switch {
	case strings.TrimSpace(text) != "":
		return "", nil
	case len(files) > 0:
		var contentType string
		err := q.QueryRow(ctx, `SELECT content_type FROM media WHERE id = $1`, slices.Min(files)).Scan(&contentType)
		if err != nil && !errors.Is(err, db.ErrNoRows) { // that there is none is said where it is attached
			return "", fmt.Errorf("read what file %d is: %w", slices.Min(files), err)
		}
		return media.Kind(contentType), nil
	case len(inline) > 0:
		return "image", nil
	}
	return "", nil
}

var uploadURL = regexp.MustCompile(`^/uploads/([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})(?:\?|$)`)

// ownImage returns the uuid of the uploaded file that an address on the desk's own host names, with root or without a host;
// "" for any other address.
func ownImage(root, url string) string {
	if root != "" {
		url = strings.TrimPrefix(url, root)
	}
	if m := uploadURL.FindStringSubmatch(strings.ToLower(url)); m != nil {
		return m[1]
	}
	return ""
}

func (s *Service) mention(ctx context.Context, tx *db.Tx, h head, p *agent.Principal, st stored, mentions []Mention) error {
	said := MentionedPayload{ConversationUUID: h.UUID, MessageID: st.ID}
	for _, m := range mentions {
		var user, team *int64
		var known int
		table := map[string]string{"agent": `users WHERE type = 'agent' AND deleted_at IS NULL AND id = $1`, "team": `teams WHERE id = $1`}[m.Type]
		if table == "" {
			continue
		}
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table, m.ID).Scan(&known); err != nil {
			return fmt.Errorf("look for who is mentioned: %w", err)
		}
		if known == 0 {
			continue
		}
		if user = &m.ID; m.Type == "team" {
			user, team = nil, &m.ID
			said.Teams = append(said.Teams, m.ID)
		} else {
			said.Agents = append(said.Agents, m.ID)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO mentions (created_at, conversation_id, message_id, mentioned_user_id, mentioned_team_id, mentioned_by_user_id)
			VALUES ($1, $2, $3, $4, $5, $6)`, st.At, h.ID, st.ID, user, team, p.ID); err != nil {
			return fmt.Errorf("store mention: %w", err)
		}
	}
	if len(said.Agents)+len(said.Teams) == 0 {
		return nil
	}
	return s.append(ctx, tx, event.New{Type: event.MessageMentioned, ConversationID: h.ID, ActorID: p.ID, Payload: said})
}
