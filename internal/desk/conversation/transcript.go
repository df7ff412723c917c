package conversation

import (
	"context"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Transcript is a conversation to be written down: what it is called, and its public messages.
type Transcript struct {
	Reference, Subject string
	ContactFirstName   string
	ContactLastName    string
	CreatedAt          db.Time
	// Each calls fn for every public message that came or went, oldest first, a page at a time.
	Each func(ctx context.Context, fn func(*Message) error) error
}

const transcriptPage = 200

// Transcript returns a conversation that p may read, to be written down. Errors: NotFound; Forbidden.
func (s *Service) Transcript(ctx context.Context, p *agent.Principal, id string) (*Transcript, error) {
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return nil, err
	}
	t := &Transcript{Reference: strconv.FormatInt(h.Reference, 10), Subject: h.Subject}
	err = s.db.QueryRow(ctx, `SELECT c.created_at, u.first_name, u.last_name FROM conversations c JOIN users u ON u.id = c.contact_id WHERE c.id = $1`, h.ID).
		Scan(&t.CreatedAt, &t.ContactFirstName, &t.ContactLastName)
	if err != nil {
		return nil, fmt.Errorf("read the head of a transcript: %w", err)
	}
	t.Each = func(ctx context.Context, fn func(*Message) error) error {
		for last := int64(0); ; {
			page, err := s.messages(ctx, s.db, h.UUID, `WHERE m.conversation_id = $1 AND m.id > $2 AND NOT m.private AND m.type <> 'activity'
				ORDER BY m.id LIMIT $3 + 0`, h.ID, last, transcriptPage)
			if err != nil {
				return err
			}
			for i := range page {
				last = page[i].ID
				if err := fn(&page[i]); err != nil {
					return err
				}
			}
			if len(page) < transcriptPage {
				return nil
			}
		}
	}
	return t, nil
}

// PageVisits returns the pages that the contact of a conversation that p may read looked at lately, newest first.
func (s *Service) PageVisits(ctx context.Context, p *agent.Principal, id string) ([]contact.Visit, error) {
	h, err := readable(ctx, s.db, p, id)
	if err != nil {
		return nil, err
	}
	return contact.Visits(ctx, s.db, h.ContactID)
}

// MessageID returns the internal id of a message of a conversation that p may read. Errors: NotFound; Forbidden; Invalid
// for what is no uuid.
func (s *Service) MessageID(ctx context.Context, p *agent.Principal, conversation, message string) (int64, error) {
	h, err := readable(ctx, s.db, p, conversation)
	if err != nil {
		return 0, err
	}
	if err := checkUUID(message); err != nil {
		return 0, err
	}
	return s.pivotID(ctx, h.ID, message, "", 0)
}

// Attached returns the files of a message, of a conversation that p may read, that are shown as attachments and not in
// its text. Errors are those of [Service.MessageID].
func (s *Service) Attached(ctx context.Context, p *agent.Principal, conversation, message string) ([]media.Attachment, error) {
	id, err := s.MessageID(ctx, p, conversation, message)
	if err != nil {
		return nil, err
	}
	all, err := s.files.OfMessages(ctx, s.db, []int64{id})
	if err != nil {
		return nil, err
	}
	out := make([]media.Attachment, 0, len(all[id]))
	for _, f := range all[id] {
		if f.Disposition != media.Inline {
			out = append(out, f)
		}
	}
	return out, nil
}
