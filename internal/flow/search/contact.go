package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

const maxContacts = 15

// Contact is a contact that was found.
type Contact struct {
	ID             int64   `json:"id"`
	CreatedAt      db.Time `json:"created_at"`
	FirstName      string  `json:"first_name"`
	LastName       string  `json:"last_name"`
	Email          *string `json:"email"`
	ExternalUserID *string `json:"external_user_id"`
}

// Contacts returns contacts with the words of the query in name, address, phone number or external id, at most 15, the
// best first, then those whose address contains the query. The value of from: and to: counts as words; of what other
// operators ask, contacts know nothing. Errors are those of a query (see [parse]).
func (s *Service) Contacts(ctx context.Context, typed string) ([]Contact, error) {
	q, err := parse(typed)
	if err != nil {
		return nil, err
	}
	for _, op := range q.operators {
		if (op.name == "from" || op.name == "to") && !op.not {
			q.phrases = append(q.phrases, phrasesOf(token{value: op.value}, maxQueryWords)...)
		}
	}
	return s.contacts(ctx, q, maxContacts)
}

func (s *Service) contacts(ctx context.Context, q query, most int) ([]Contact, error) {
	var all []Contact
	var err error
	if len(q.phrases) > 0 {
		if all, err = find(ctx, s, q.words(), s.contactIndex(), scanContact); err != nil {
			return nil, fmt.Errorf("search contacts: %w", err)
		}
	}
	if len(all) < most && len(q.typed) >= minQuery {
		more, err := s.addresses(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	var list []ranked[Contact]
	seen := map[int64]bool{}
	fit := &scorer{query: q, now: time.Now()}
	for _, c := range all {
		if !seen[c.ID] {
			seen[c.ID] = true
			list = append(list, ranked[Contact]{fit.of(Person{c.FirstName, c.LastName, c.Email}.text(), c.CreatedAt.Time), c})
		}
	}
	return best(list, most), nil
}

// contactsNamed returns the ids of the contacts, the newest of many, with all words of a text in their name or address.
func (s *Service) contactsNamed(ctx context.Context, text string) ([]int64, error) {
	q := query{phrases: phrasesOf(token{value: text}, maxQueryWords)}
	if len(q.phrases) == 0 {
		return nil, nil
	}
	list, err := find(ctx, s, q.words(), s.contactIndex(), scanContact)
	if err != nil {
		return nil, fmt.Errorf("look for who wrote: %w", err)
	}
	ids := make([]int64, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	return ids, nil
}

const contactColumns = `u.id, u.created_at, u.first_name, u.last_name, u.email, u.external_user_id`

func scanContact(r db.Rows) (c Contact, err error) {
	err = r.Scan(&c.ID, &c.CreatedAt, &c.FirstName, &c.LastName, &c.Email, &c.ExternalUserID)
	return c, err
}

func (s *Service) contactIndex() index {
	return index{table: "search_contacts", depth: candidates, query: func(matches string, _ *filter.Args) string {
		return `SELECT ` + contactColumns + ` FROM (` + matches + `) AS f` + s.lookUp("users", "u", "f.id") +
			` WHERE u.type = 'contact' AND u.deleted_at IS NULL` + s.newest()
	}}
}

// addresses returns contacts whose address contains the query, the newest first. What has a space in it is part of no
// address.
func (s *Service) addresses(ctx context.Context, q query) ([]Contact, error) {
	if strings.ContainsAny(q.typed, " \t\n") {
		return nil, nil
	}
	var out []Contact
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		c, err := scanContact(r)
		out = append(out, c)
		return err
	}, s.addressesQuery(), q.typed, q.typed+"\U0010FFFF", like(q.typed))
	if err != nil {
		return nil, fmt.Errorf("search addresses: %w", err)
	}
	return out, nil
}

// addressesQuery takes an upper bound for what begins with the query, and compares with the address as it is now.
func (s *Service) addressesQuery() string {
	return `SELECT ` + contactColumns + ` FROM (
			SELECT DISTINCT contact_id FROM (SELECT contact_id FROM search_emails WHERE suffix >= $1 AND suffix < $2 ORDER BY suffix, contact_id LIMIT 200) AS begins
		) AS e` + s.lookUp("users", "u", "e.contact_id") + `
		WHERE u.type = 'contact' AND u.deleted_at IS NULL AND lower(u.email) LIKE $3 ESCAPE '\' ORDER BY u.id DESC LIMIT 30`
}

// maxOwners is how many contacts a part of an address can name.
const maxOwners = 400

// AddressOwners returns the ids of the contacts and visitors whose address may contain a text within its first hundred
// characters, or false when there are more than 400 or the text is too short to look for. Whoever asks compares with the
// addresses as they are now.
func (s *Service) AddressOwners(ctx context.Context, part string) (ids []int64, all bool, err error) {
	part = strings.ToLower(part)
	if len(part) < minQuery {
		return nil, false, nil
	}
	ids, err = db.Select[int64](ctx, s.db, `SELECT contact_id FROM search_emails WHERE suffix >= $1 AND suffix < $2
		ORDER BY suffix, contact_id LIMIT $3 + 0`, part, part+"\U0010FFFF", maxOwners+1)
	if err != nil {
		return nil, false, fmt.Errorf("search addresses: %w", err)
	}
	if len(ids) > maxOwners {
		return nil, false, nil
	}
	slices.Sort(ids)
	return slices.Compact(ids), true, nil
}
