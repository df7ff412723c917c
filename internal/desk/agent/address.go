package agent

import (
	"context"
	"fmt"
	"net/mail"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// CheckAddress returns an Invalid error for what is no plain e-mail address (RFC 5322 section 3.4.1, addr-spec).
func CheckAddress(email string) error {
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return fault.Field("email", "error.address_invalid", "value", email)
	}
	return nil
}

// Taken returns which of the addresses agents have.
func (s *Service) Taken(ctx context.Context, emails []string) (map[string]bool, error) {
	taken := map[string]bool{}
	const atOnce = 500
	for len(emails) > 0 {
		n := min(atOnce, len(emails))
		in, args := db.In(1, emails[:n])
		emails = emails[n:]
		err := db.Each(ctx, s.db, func(r db.Rows) error {
			var email string
			if err := r.Scan(&email); err != nil {
				return err
			}
			taken[email] = true
			return nil
		}, `SELECT email FROM users WHERE type = 'agent' AND deleted_at IS NULL AND email IN (`+in+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("look addresses up: %w", err)
		}
	}
	return taken, nil
}
