package conversation

import (
	"context"
	"fmt"
	"strconv"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/template"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// fillVariables puts the values of known variables into what an agent wrote, once, when it is stored. What agents and
// customers write is data, never a template: see [template.Fill].
func (s *Service) fillVariables(ctx context.Context, q db.Querier, h head, p *agent.Principal, text string) (string, error) {
	if !template.HasVariables(text) {
		return text, nil
	}
	d, err := s.Variables(ctx, q, h.ID, p.ID)
	if err != nil {
		return "", err
	}
	return template.Fill(text, d), nil
}

// Variables returns what templates know of a conversation, for what somebody writes in it; an author 0 is nobody.
func (s *Service) Variables(ctx context.Context, q db.Querier, id, authorID int64) (d template.Data, err error) {
	var reference int64
	var priorityID *int64
	var email *string
	c := &d.Conversation
	err = q.QueryRow(ctx, `SELECT c.reference_number, c.subject, c.uuid, c.priority_id, u.first_name, u.last_name, u.email
		FROM conversations c JOIN users u ON u.id = c.contact_id WHERE c.id = $1`, id).
		Scan(&reference, &c.Subject, &c.UUID, &priorityID, &d.Contact.FirstName, &d.Contact.LastName, &email)
	if err != nil {
		return d, fmt.Errorf("read conversation %d for its variables: %w", id, err)
	}
	priority, err := s.ref.priorityName(ctx, q, priorityID)
	if err != nil {
		return d, err
	}
	c.ReferenceNumber, c.Priority, d.Contact.Email = strconv.FormatInt(reference, 10), orEmpty(priority), orEmpty(email)
	if d.Recipient = d.Contact; authorID == 0 {
		return d, nil
	}
	var author template.Person
	var kind string
	var system bool
	err = q.QueryRow(ctx, `SELECT type, is_system, first_name, last_name, email FROM users WHERE id = $1`, authorID).
		Scan(&kind, &system, &author.FirstName, &author.LastName, &email)
	if err != nil {
		return d, fmt.Errorf("read the author %d: %w", authorID, err)
	}
	if author.Email = orEmpty(email); !system {
		d.Author = author
	}
	d.IsAIComposed = kind == "ai_assistant"
	return d, nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
