package conversation

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// variable matches {{ .Contact.FirstName }} as it is typed or pasted, and as an editor escapes the spaces.
var variable = regexp.MustCompile(`\{\{(?:\s|&nbsp;)*\.([A-Za-z]+)\.([A-Za-z]+)(?:\s|&nbsp;)*\}\}`)

// fillVariables puts the values of known variables into a text, escaped. Anything else in braces is somebody's text
// and stays as it is: what agents and customers write is data, never a template.
func (s *Service) fillVariables(ctx context.Context, q db.Querier, h head, p *agent.Principal, text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	var first, last string
	var email *string
	if err := q.QueryRow(ctx, `SELECT first_name, last_name, email FROM users WHERE id = $1`, h.ContactID).Scan(&first, &last, &email); err != nil {
		return "", fmt.Errorf("read contact: %w", err)
	}
	priority, err := s.ref.priorityName(ctx, q, h.PriorityID)
	if err != nil {
		return "", err
	}
	values := map[string]string{
		"Conversation.ReferenceNumber": strconv.FormatInt(h.Reference, 10),
		"Conversation.Subject":         h.Subject,
		"Conversation.UUID":            h.UUID,
		"Conversation.Priority":        orEmpty(priority),
	}
	person := func(name, first, last, email string) {
		values[name+".FirstName"], values[name+".LastName"] = first, last
		values[name+".FullName"], values[name+".Email"] = strings.TrimSpace(first+" "+last), email
	}
	person("Contact", first, last, orEmpty(email))
	person("Recipient", first, last, orEmpty(email))
	if p.IsSystem {
		person("Author", "", "", "")
	} else {
		person("Author", p.FirstName, p.LastName, p.Email)
	}
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		m := variable.FindStringSubmatch(found)
		if v, ok := values[m[1]+"."+m[2]]; ok {
			return html.EscapeString(v)
		}
		return found
	}), nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
