package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Create is a conversation that an agent opens, either to write to a contact or in a contact's name.
type Create struct {
	InboxID          int64
	Content          string
	ContactEmail     string
	FirstName        string
	LastName         string
	ExternalUserID   string
	Subject          string
	Initiator        string
	AgentID          int64
	TeamID           int64
	Attachments      []int64
	Tags             []string
	CustomAttributes map[string]json.RawMessage // those without a definition are dropped
}

// maxName is the longest name of a person or tag in characters.
const maxName = 140

func (in *Create) validate() error {
	in.ContactEmail = strings.ToLower(strings.TrimSpace(in.ContactEmail))
	switch {
	case in.InboxID <= 0:
		return fault.Required("inbox_id")
	case in.Content == "":
		return fault.Required("content")
	case in.ContactEmail == "":
		return fault.Required("contact_email")
	case strings.TrimSpace(in.FirstName) == "":
		return fault.Required("first_name")
	case len(in.Content) > maxContent:
		return fault.TooLong("content", maxContent)
	case len(in.Attachments) > maxAttachments:
		return fault.Field("attachments", "error.too_many", "max", fmt.Sprint(maxAttachments))
	}
	if a, err := mail.ParseAddress(in.ContactEmail); err != nil || a.Address != in.ContactEmail {
		return fault.Field("contact_email", "error.address_invalid", "value", in.ContactEmail)
	}
	if len(in.Tags) > maxTags {
		return fault.Field("tags", "error.too_many", "max", fmt.Sprint(maxTags))
	}
	if err := errors.Join(checkTexts("first_name", maxName, in.FirstName), checkTexts("last_name", maxName, in.LastName),
		checkTexts("external_user_id", maxName, in.ExternalUserID), checkTexts("subject", 10*maxSubject, in.Subject), checkTexts("tags", maxName, in.Tags...)); err != nil {
		return err
	}
	if in.Initiator != SenderAgent && in.Initiator != SenderContact {
		return fault.Field("initiator", "error.unknown_value", "value", in.Initiator)
	}
	return nil
}

// Create opens a conversation with its first message, assignment, tags and attachments in one transaction.
func (s *Service) Create(ctx context.Context, p *agent.Principal, in Create) (*Conversation, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	w := s.write(in.Content)
	var id int64
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		id, err = s.create(ctx, tx, p, in, w)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Full(ctx, s.db, id)
}

func (s *Service) create(ctx context.Context, tx *db.Tx, p *agent.Principal, in Create, w written) (int64, error) {
	inbox, err := readInbox(ctx, tx, in.InboxID)
	if err != nil {
		return 0, err
	}
	if inbox.Channel != "email" {
		return 0, fault.Field("inbox_id", "error.inbox_not_email")
	}
	contactID, _, err := contact.FindOrCreate(ctx, tx, contact.Identity{
		Email: in.ContactEmail, FirstName: in.FirstName, LastName: in.LastName, ExternalUserID: in.ExternalUserID})
	if err != nil {
		return 0, err
	}
	attributes, err := attribute.Known(ctx, tx, attribute.OfConversations, in.CustomAttributes)
	if err != nil {
		return 0, err
	}
	h, err := s.open(ctx, tx, opening{ContactID: contactID, InboxID: in.InboxID, Subject: strings.TrimSpace(in.Subject), Marker: true,
		ActorID: p.ID, CustomAttributes: attributes})
	if err != nil {
		return 0, err
	}
	if err := s.assign(ctx, tx, &h, p, "", positive(in.AgentID), positive(in.TeamID)); err != nil {
		return 0, ofCreate(err)
	}
	if len(in.Tags) > 0 {
		known, args := db.In(1, in.Tags)
		names, err := db.Select[string](ctx, tx, `SELECT name FROM tags WHERE name IN (`+known+`) ORDER BY name`, args...)
		if err != nil {
			return 0, fmt.Errorf("read tags: %w", err)
		}
		if err := s.retag(ctx, tx, &h, p, "", nil, names, nil); err != nil {
			return 0, err
		}
	}
	if in.Initiator == SenderAgent {
		_, err = s.reply(ctx, tx, h, p, inbox, Send{To: []string{in.ContactEmail}, Attachments: in.Attachments}, w)
		return h.ID, err
	}
	kind, err := encloses(ctx, tx, w.text, in.Attachments, w.inline)
	if err != nil {
		return 0, err
	}
	_, err = s.receive(ctx, tx, h, Incoming{
		AuthorID: contactID, HTML: w.html, Text: w.text, Encloses: kind, Cause: fmt.Sprintf("agent:%d", p.ID),
		Attach: s.attach(in.Attachments, w.inline),
	}, true)
	return h.ID, err
}

func positive(id int64) *int64 {
	if id <= 0 {
		return nil
	}
	return &id
}

// ofCreate names the field of the request to create that an assignment refused.
func ofCreate(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		switch f.Key {
		case "error.unknown_agent":
			return fault.Field("agent_id", f.Key)
		case "error.unknown_team":
			return fault.Field("team_id", f.Key)
		}
	}
	return err
}
