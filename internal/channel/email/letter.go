package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// letter is a reply ready for SMTP.
type letter struct {
	from       string
	recipients []string
	data       []byte
	messageID  string
	date       time.Time
}

// outgoing is what a letter is made of.
type outgoing struct {
	ID             int64
	CreatedAt      db.Time
	Content        string
	Meta           db.JSON
	SourceID       string
	Subject        string
	UUID           string
	ConversationID int64
	FirstName      string
	LastName       string
	SenderSystem   bool
	SenderID       int64
}

// unfit is why a reply cannot be sent as it is, however often that is tried.
type unfit struct{ error }

func (u unfit) Unwrap() error { return u.error }

// letter composes the mail of a stored reply. What fails for any other reason than an [unfit] reply may succeed later. The same reply always gives the same mail, but for its boundaries
// and a signature that was changed meanwhile.
func (c *Channel) letter(ctx context.Context, messageID int64, in inbox.Inbox, cfg inbox.EmailConfig) (letter, error) {
	var o outgoing
	err := c.DB.QueryRow(ctx, `SELECT m.id, m.created_at, m.content, m.meta, COALESCE(m.source_id, ''), c.subject, c.uuid, c.id,
		u.first_name, u.last_name, u.is_system, u.id FROM messages m JOIN conversations c ON c.id = m.conversation_id JOIN users u ON u.id = m.sender_id
		WHERE m.id = $1`, messageID).Scan(&o.ID, &o.CreatedAt, &o.Content, &o.Meta, &o.SourceID, &o.Subject, &o.UUID, &o.ConversationID,
		&o.FirstName, &o.LastName, &o.SenderSystem, &o.SenderID)
	if err != nil {
		return letter{}, fmt.Errorf("read the reply: %w", err)
	}
	var meta struct {
		To, CC, BCC []string
		Subject     string
		ForwardOf   string `json:"forward_of"`
		IsAutomated bool   `json:"is_automated"`
		Continues   bool   `json:"continuity_email"`
		Unsigned    bool
	}
	if err := o.Meta.Decode(&meta); err != nil {
		return letter{}, err
	}
	from, err := mail.ParseAddress(in.From)
	if err != nil {
		return letter{}, unfit{fmt.Errorf("the inbox's From address %q cannot be read: %w", in.From, err)}
	}
	if name := senderName(in, o); name != "" {
		from.Name = name
	}
	if meta.Subject != "" {
		o.Subject = meta.Subject
	}
	var references []string
	if meta.ForwardOf == "" { // what is passed on answers nothing that its reader knows
		if references, err = c.references(ctx, o); err != nil {
			return letter{}, err
		}
	}
	files, err := c.attachments(ctx, o.ID)
	if err != nil {
		return letter{}, err
	}
	switch {
	case meta.Continues:
		files, err = c.ownPictures(ctx, o.ConversationID, o.Content, files)
	case !meta.IsAutomated:
		add := additions{signature: !meta.Unsigned, history: cfg.QuoteHistory && meta.ForwardOf == ""}
		o.Content, files, err = c.enclose(ctx, o, in, cfg, add, files)
	}
	if err != nil {
		return letter{}, err
	}
	markup, err := c.Templates.Reply(ctx, o.Content, func() (template.Data, error) {
		d, err := c.Conversations.Variables(ctx, c.DB, o.ConversationID, o.SenderID)
		d.IsContinuityEmail = meta.Continues
		return d, err
	})
	if err != nil {
		return letter{}, err
	}
	m := mail.Outgoing{MessageID: o.SourceID, Date: o.CreatedAt.Time, From: from, ReplyTo: replyTo(in, cfg, o.UUID), Subject: o.Subject,
		References: references, HTML: markup, Headers: []mail.HeaderField{{Name: loopHeader, Value: from.Email}, {Name: conversationHeader, Value: o.UUID}}}
	if len(references) > 0 {
		m.InReplyTo = references[len(references)-1]
		if !meta.Continues && !answers.MatchString(m.Subject) {
			m.Subject = "Re: " + m.Subject
		}
	}
	switch { // RFC 3834 §5
	case meta.Continues:
		m.Headers = append(m.Headers, mail.HeaderField{Name: "Auto-Submitted", Value: "auto-generated"})
	case meta.IsAutomated:
		m.Headers = append(m.Headers, mail.HeaderField{Name: "Auto-Submitted", Value: "auto-replied"})
	}
	out := letter{from: from.Email, messageID: m.MessageID, date: m.Date}
	for _, list := range []struct {
		addresses []string
		header    *[]mail.Address
	}{{meta.To, &m.To}, {meta.CC, &m.Cc}, {meta.BCC, nil}} {
		for _, text := range list.addresses {
			a, err := mail.ParseAddress(text)
			if err != nil {
				return letter{}, unfit{fmt.Errorf("the address %q cannot be read: %w", text, err)}
			}
			if list.header != nil {
				*list.header = append(*list.header, a)
			}
			out.recipients = append(out.recipients, a.Email)
		}
	}
	if len(out.recipients) == 0 {
		return letter{}, unfit{errors.New("the reply has no recipient")}
	}
	if out.recipients, err = c.unreached(ctx, o.ID, out.recipients); err != nil {
		return letter{}, err
	}
	m.Attachments = files
	if out.data, err = mail.Compose(m); err != nil {
		return letter{}, fmt.Errorf("compose the mail: %w", err)
	}
	return out, nil
}

// unreached returns those recipients of a reply who neither have it from an earlier attempt nor were refused for good.
func (c *Channel) unreached(ctx context.Context, messageID int64, recipients []string) ([]string, error) {
	var o outboxRow
	if err := c.DB.QueryRow(ctx, `SELECT bounces, reached FROM outbox WHERE message_id = $1`, messageID).Scan(&o.Bounces, &o.Reached); err != nil {
		return nil, fmt.Errorf("read who has the reply: %w", err)
	}
	bounces, reached, err := o.decode()
	if err != nil {
		return nil, err
	}
	return without(without(recipients, reached), lostIn(bounces)), nil
}

// answers matches a subject that says already that it answers, in the common languages' ways.
var answers = regexp.MustCompile(`(?i)^\s*(re|aw|sv|antw|betr|ré|rép|rif|r|res|odp|odg|vs|vá|ynt|cvp|atb|ats|răsp|bls|tl|отв|від|απ|σχετ|תגובה|رد|پاسخ|回复|回覆|答复|答覆|返信|회신|답장)\s*(\[\d+\])?\s*[:：]`)

// maxThread is how many Message-IDs of the conversation a reply refers to.
const maxThread = 20

// references lists the Message-IDs of the conversation before the reply, oldest first (RFC 5322 §3.6.4): of a long one the
// first, by which clients know the thread, and the newest.
func (c *Channel) references(ctx context.Context, o outgoing) ([]string, error) {
	ids, err := db.Select[string](ctx, c.DB, `SELECT source_id FROM (SELECT id, source_id FROM messages WHERE conversation_id = $1 AND id < $2
		AND (type = 'activity' OR NOT private) AND source_id IS NOT NULL AND source_id NOT LIKE '%@foyer.invalid'
		ORDER BY id DESC LIMIT $3 + 0) AS newest ORDER BY id`, o.ConversationID, o.ID, maxThread)
	if err != nil {
		return nil, fmt.Errorf("read the thread: %w", err)
	}
	if len(ids) < maxThread {
		return ids, nil
	}
	root, err := db.Select[string](ctx, c.DB, `SELECT source_id FROM messages WHERE conversation_id = $1
		AND (type = 'activity' OR NOT private) AND source_id IS NOT NULL AND source_id NOT LIKE '%@foyer.invalid' ORDER BY id LIMIT 1`, o.ConversationID)
	if err != nil {
		return nil, fmt.Errorf("read the root of the thread: %w", err)
	}
	return append(root, ids...), nil // a root that is there twice is written once
}

// senderName fills the inbox's template for the display name, whose only variables are the agent's names and the
// inbox's; "" leaves the inbox's own name, as does a template of which anything else is left.
func senderName(in inbox.Inbox, o outgoing) string {
	if in.FromNameTemplate == "" || o.SenderSystem {
		return ""
	}
	for _, part := range strings.Split(in.FromNameTemplate, "{{")[1:] {
		variable, _, ended := strings.Cut(part, "}}")
		if variable = strings.TrimSpace(variable); !ended || !slices.Contains(nameVariables, variable) {
			return ""
		}
	}
	return strings.Join(strings.Fields(fillNames(in.FromNameTemplate, in, o, func(s string) string { return s })), " ")
}

// fillNames puts the agent's and the inbox's names into a template, written as encode makes them.
func fillNames(template string, in inbox.Inbox, o outgoing, encode func(string) string) string {
	if o.SenderSystem {
		o.FirstName, o.LastName = "", ""
	}
	values := map[string]string{"Agent.FirstName": o.FirstName, "Agent.LastName": o.LastName,
		"Agent.FullName": strings.TrimSpace(o.FirstName + " " + o.LastName), "Inbox.Name": in.Name}
	return nameVariable.ReplaceAllStringFunc(template, func(v string) string {
		return encode(values[nameVariable.FindStringSubmatch(v)[1]])
	})
}

// nameVariables are what a template for the display name may have.
var nameVariables = []string{".Agent.FirstName", ".Agent.LastName", ".Agent.FullName", ".Inbox.Name"}

var nameVariable = regexp.MustCompile(`\{\{(?:\s|&nbsp;)*\.([A-Za-z.]+)(?:\s|&nbsp;)*\}\}`)

// replyTo is where answers go: the conversation's own address where the inbox uses plus addressing, else the inbox's
// reply-to, else nothing.
func replyTo(in inbox.Inbox, cfg inbox.EmailConfig, conversationUUID string) string {
	if !cfg.EnablePlusAddressing {
		return conversation.BareAddress(cfg.ReplyTo)
	}
	return plusAddress(in, cfg, "conv-"+conversationUUID)
}

// attachments opens the reply's files.
func (c *Channel) attachments(ctx context.Context, messageID int64) (out []mail.Attachment, err error) {
	files, err := c.Media.OfMessages(ctx, c.DB, []int64{messageID})
	if err != nil {
		return nil, err
	}
	for _, f := range files[messageID] {
		out = append(out, mail.Attachment{Filename: f.Name, ContentType: f.ContentType, ContentID: f.ContentID, Inline: f.Disposition == "inline",
			Open: func() (io.ReadCloser, error) { return c.Blobs.Open(ctx, f.UUID) }})
	}
	return out, nil
}
