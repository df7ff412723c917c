package contact

import (
	"context"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/organization"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Why two contacts may be one person.
const (
	SameMailbox = "email" // the addresses differ in case or in what follows a plus
	SamePhone   = "phone"
	SameName    = "name" // and the addresses are of the same company
)

// Twin is a contact who may be the same person as another.
type Twin struct {
	ID        int64    `json:"id"`
	FirstName string   `json:"first_name"`
	LastName  string   `json:"last_name"`
	Email     *string  `json:"email"`
	AvatarURL *string  `json:"avatar_url"`
	CreatedAt db.Time  `json:"created_at"`
	Reasons   []string `json:"reasons" doc:"email, phone, name"`
}

// maxTwins is how many are looked at for each reason: more than a few are no help.
const maxTwins = 10

// minDigits is the shortest number that says who somebody is.
const minDigits = 6

// The expressions of the indexes that searches for twins go by.
const (
	mailboxSQLite   = `CASE WHEN instr(email, '+') BETWEEN 2 AND instr(email, '@') THEN lower(substr(email, 1, instr(email, '+') - 1) || substr(email, instr(email, '@'))) ELSE lower(email) END`
	mailboxPostgres = `regexp_replace(lower(email), '^([^+@]+)[+][^@]*@', '\1@')`
	digits          = `replace(replace(replace(replace(replace(replace(replace(phone_number, ' ', ''), '-', ''), '(', ''), ')', ''), '.', ''), '/', ''), '+', '')`
)

func mailboxColumn(engine db.Engine) string {
	if engine == db.Postgres {
		return mailboxPostgres
	}
	return mailboxSQLite
}

// mailbox returns an address without what differs between spellings of it.
func mailbox(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	return local + "@" + domain
}

func domainOf(address *string) string {
	_, domain, _ := strings.Cut(strings.ToLower(text(address)), "@")
	return domain
}

// twinTail are the conditions that every search for twins has: other people, who were not told apart from this one.
const twinTail = ` AND u.id <> $2 AND u.type IN ('contact', 'visitor') AND u.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM contact_distinct d
	WHERE (d.low = u.id AND d.high = $2) OR (d.low = $2 AND d.high = u.id)) ORDER BY +u.id LIMIT $3 + 0`

const twinQuery = `SELECT u.id, u.first_name, u.last_name, u.email, u.avatar_url, u.created_at, u.phone_number_country_code FROM users u WHERE `

// Twins returns the contacts who may be the same person as one, with the reasons; NotFound if there is none.
func (s *Service) Twins(ctx context.Context, id int64) ([]Twin, error) {
	c, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []Twin{}
	for _, look := range s.searches(c) {
		err := db.Each(ctx, s.db, func(r db.Rows) error {
			var t Twin
			var country *string
			if err := r.Scan(&t.ID, &t.FirstName, &t.LastName, &t.Email, &t.AvatarURL, &t.CreatedAt, &country); err != nil {
				return err
			}
			if look.fits == nil || look.fits(t, country) {
				out = addTwin(out, t, look.reason)
			}
			return nil
		}, twinQuery+look.where+twinTail, append([]any{look.value, id, maxTwins}, look.more...)...)
		if err != nil {
			return nil, fmt.Errorf("look for contacts like %d: %w", id, err)
		}
	}
	return out, nil
}

// PlanTwins returns how the database would find the twins of a contact, one step a line, for tests of its cost.
func (s *Service) PlanTwins(ctx context.Context, c *Detail) (steps []string, err error) {
	for _, look := range s.searches(c) {
		more, err := db.Explain(ctx, s.db, twinQuery+look.where+twinTail, append([]any{look.value, c.ID, maxTwins}, look.more...)...)
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	return steps, nil
}

// search is one way to find twins.
type search struct {
	reason, where string
	value         any
	more          []any // from $4
	fits          func(t Twin, country *string) bool
}

func (s *Service) searches(c *Detail) (all []search) {
	if c.Email != nil {
		all = append(all, search{reason: SameMailbox, where: `(` + mailboxColumn(s.db.Engine()) + `) = $1`, value: mailbox(*c.Email)})
	}
	if number := onlyDigits(text(c.PhoneNumber)); len(number) >= minDigits {
		all = append(all, search{reason: SamePhone, where: `phone_number IS NOT NULL AND (` + digits + `) = $1`, value: number, fits: func(_ Twin, country *string) bool {
			own, other := text(c.PhoneNumberCountryCode), text(country)
			return own == "" || other == "" || own == other
		}})
	}
	if domain := domainOf(c.Email); c.LastName != "" && domain != "" && !organization.Public(domain) {
		all = append(all, search{reason: SameName, where: `lower(u.first_name) = lower($1) AND lower(u.last_name) = lower($4)`, value: c.FirstName, more: []any{c.LastName},
			fits: func(t Twin, _ *string) bool { return domainOf(t.Email) == domain }})
	}
	return all
}

func onlyDigits(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().+/", r) {
			return -1
		}
		return r
	}, number)
}

func addTwin(all []Twin, t Twin, reason string) []Twin {
	for i := range all {
		if all[i].ID == t.ID {
			all[i].Reasons = append(all[i].Reasons, reason)
			return all
		}
	}
	t.Reasons = []string{reason}
	return append(all, t)
}

// TellApart notes that two contacts are two people, who are not suggested as one again. Errors: NotFound, Invalid for the
// same contact twice.
func (s *Service) TellApart(ctx context.Context, p *agent.Principal, id, other int64) error {
	if id == other {
		return fault.Field("other", "error.merge_same")
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		for _, one := range []int64{id, other} {
			if _, err := get(ctx, tx, one, ""); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO contact_distinct (low, high, created_at, user_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			min(id, other), max(id, other), db.Now(), p.ID)
		if err != nil {
			return fmt.Errorf("tell contacts %d and %d apart: %w", id, other, err)
		}
		return nil
	})
}
