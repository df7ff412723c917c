// Package organization owns the companies that contacts belong to, and the domains of their mail. Which contact belongs to
// which is package contact's; so is what happens to them when an organization gets a domain, see [Contacts].
//
// The package uses its siblings agent, audit and event.
package organization

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The limits of an organization, in characters and in number.
const (
	maxName    = 140
	maxNote    = 10_000
	maxDomains = 50
)

// Organization is a company. Contacts is how many belong to it, counted up to [MaxCounted].
type Organization struct {
	ID        int64    `json:"id"`
	CreatedAt db.Time  `json:"created_at"`
	UpdatedAt db.Time  `json:"updated_at"`
	Name      string   `json:"name"`
	Domains   []string `json:"domains" doc:"Who writes from one of these for the first time belongs to the organization"`
	Note      string   `json:"note"`
	Contacts  int64    `json:"contacts" doc:"How many belong to it, counted up to 1000"`
}

// MaxCounted is up to how many the contacts of an organization are counted.
const MaxCounted = 1000

func (o Organization) target() audit.Target {
	return audit.Target{Model: "organization", ID: o.ID, Name: o.Name}
}

// recorded is what the activity log keeps of an organization.
type recorded struct {
	Name    string   `json:"name"`
	Domains []string `json:"domains"`
	Note    string   `json:"note"`
}

func (o Organization) record() recorded { return recorded{o.Name, o.Domains, o.Note} }

// Contacts is what organizations need of contacts; package contact provides it.
type Contacts interface {
	// AdoptTx makes the contacts whose addresses are of these domains belong to an organization, unless they belong to one
	// already or somebody decided that they do not, and returns how many.
	AdoptTx(ctx context.Context, tx *db.Tx, organization int64, domains []string) (int64, error)
}

// Service is the organizations of a desk.
type Service struct {
	db       *db.DB
	events   *event.Log
	contacts Contacts
}

// New makes the service.
func New(d *db.DB, events *event.Log, contacts Contacts) *Service {
	return &Service{db: d, events: events, contacts: contacts}
}

// Edit is what an organization is made or changed to; what is nil stays as it is, or empty.
type Edit struct {
	Name    *string
	Domains *[]string
	Note    *string
}

// over returns an organization as the edit makes it. Invalid if a field is wrong.
func (e Edit) over(o Organization) (Organization, error) {
	if e.Name != nil {
		o.Name = strings.TrimSpace(*e.Name)
	}
	if e.Note != nil {
		o.Note = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(*e.Note, "\x00", ""), "\uFFFD"))
	}
	switch {
	case o.Name == "":
		return o, fault.Required("name")
	case len([]rune(o.Name)) > maxName:
		return o, fault.TooLong("name", maxName)
	case strings.ContainsFunc(o.Name, unicode.IsControl) || strings.ToValidUTF8(o.Name, "") != o.Name:
		return o, fault.Field("name", "error.control_characters")
	case len([]rune(o.Note)) > maxNote:
		return o, fault.TooLong("note", maxNote)
	}
	var err error
	if e.Domains != nil {
		o.Domains, err = canonical(*e.Domains)
	}
	return o, err
}

// key is a name as names are compared.
func key(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Get returns an organization; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (*Organization, error) {
	return get(ctx, s.db, id)
}

const columns = `o.id, o.created_at, o.updated_at, o.name, o.note, (SELECT count(*) FROM (SELECT 1 FROM users u WHERE u.organization_id = o.id
	AND u.type IN ('contact', 'visitor') AND u.email IS NOT NULL AND u.deleted_at IS NULL LIMIT 1000) AS counted)`

func (o *Organization) places() []any {
	return []any{&o.ID, &o.CreatedAt, &o.UpdatedAt, &o.Name, &o.Note, &o.Contacts}
}

func get(ctx context.Context, q db.Querier, id int64) (*Organization, error) {
	o := Organization{}
	err := q.QueryRow(ctx, `SELECT `+columns+` FROM organizations o WHERE o.id = $1`, id).Scan(o.places()...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("organization")
	}
	if err != nil {
		return nil, fmt.Errorf("read organization %d: %w", id, err)
	}
	o.Domains, err = db.Select[string](ctx, q, `SELECT domain FROM organization_domains WHERE organization_id = $1 ORDER BY domain`, id)
	if err != nil {
		return nil, fmt.Errorf("read the domains of organization %d: %w", id, err)
	}
	return &o, nil
}

// Create makes an organization, to which the contacts of its domains belong from then on. Invalid if a field is wrong, or
// another organization has the name or a domain.
func (s *Service) Create(ctx context.Context, p *agent.Principal, e Edit) (*Organization, error) {
	made, err := e.over(Organization{Domains: []string{}})
	if err != nil {
		return nil, err
	}
	var out *Organization
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO organizations (created_at, updated_at, name, name_key, note) VALUES ($1, $1, $2, $3, $4) RETURNING id`,
			db.Now(), made.Name, key(made.Name), made.Note).Scan(&made.ID)
		if err != nil {
			return saving(err, made)
		}
		if out, err = s.settle(ctx, tx, made.ID, []string{}, made.Domains); err != nil {
			return err
		}
		return s.events.ReferenceChanged(ctx, tx, "organizations",
			audit.Entry{Type: audit.OrganizationCreated, Actor: p.Audited(), Target: out.target(), After: out.record()})
	})
	return out, err
}

// settle gives an organization its domains, with the contacts that have them, and returns it as it is then.
func (s *Service) settle(ctx context.Context, tx *db.Tx, id int64, before, after []string) (*Organization, error) {
	added, err := setDomains(ctx, tx, id, before, after)
	if err != nil {
		return nil, err
	}
	if len(added) > 0 {
		if _, err := s.contacts.AdoptTx(ctx, tx, id, added); err != nil {
			return nil, err
		}
	}
	return get(ctx, tx, id)
}

func saving(err error, o Organization) error {
	if unique, _ := db.IsUnique(err); unique {
		return fault.Field("name", "error.exists", "value", o.Name)
	}
	return fmt.Errorf("store organization: %w", err)
}

// Update changes an organization. A domain that it loses leaves its contacts where they are. Errors as of [Service.Create],
// and NotFound.
func (s *Service) Update(ctx context.Context, p *agent.Principal, id int64, e Edit) (*Organization, error) {
	var after *Organization
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		is, err := e.over(*before)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE organizations SET updated_at = $2, name = $3, name_key = $4, note = $5 WHERE id = $1`,
			id, db.Now(), is.Name, key(is.Name), is.Note); err != nil {
			return saving(err, is)
		}
		if after, err = s.settle(ctx, tx, id, before.Domains, is.Domains); err != nil {
			return err
		}
		return s.events.ReferenceChanged(ctx, tx, "organizations", audit.Entry{Type: audit.OrganizationUpdated, Actor: p.Audited(),
			Target: after.target(), Before: before.record(), After: after.record()})
	})
	return after, err
}

// Delete removes an organization; its contacts belong to none then. NotFound if there is none.
func (s *Service) Delete(ctx context.Context, p *agent.Principal, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		o, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM organizations WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete organization %d: %w", id, err)
		}
		return s.events.ReferenceChanged(ctx, tx, "organizations",
			audit.Entry{Type: audit.OrganizationDeleted, Actor: p.Audited(), Target: o.target(), Before: o.record()})
	})
}
