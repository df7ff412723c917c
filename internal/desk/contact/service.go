package contact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Item is a contact as a card of the list. EmailBouncedAt and the organization are Foyer's additions.
type Item struct {
	ID                 int64    `json:"id"`
	Type               string   `json:"type"`
	FirstName          string   `json:"first_name"`
	LastName           string   `json:"last_name"`
	Email              *string  `json:"email"`
	Enabled            bool     `json:"enabled"`
	AvatarURL          *string  `json:"avatar_url"`
	ExternalUserID     *string  `json:"external_user_id"`
	AvailabilityStatus string   `json:"availability_status"`
	CreatedAt          db.Time  `json:"created_at"`
	UpdatedAt          db.Time  `json:"updated_at"`
	EmailBouncedAt     *db.Time `json:"email_bounced_at"`
	OrganizationID     *int64   `json:"organization_id"`
	Organization       *string  `json:"organization" doc:"Its name"`
}

// Detail is a contact in full. Roles, Permissions, Meta, Teams and the API key are those of agents, who share the form of
// the answer: a contact has none.
type Detail struct {
	Item
	PhoneNumber            *string  `json:"phone_number"`
	PhoneNumberCountryCode *string  `json:"phone_number_country_code"`
	Country                *string  `json:"country"`
	LastActiveAt           *db.Time `json:"last_active_at"`
	LastLoginAt            *db.Time `json:"last_login_at"`
	CustomAttributes       db.JSON  `json:"custom_attributes"`
	Roles                  []string `json:"roles" nullable:"true"`
	Permissions            []string `json:"permissions" nullable:"true"`
	Meta                   *string  `json:"meta"`
	Teams                  []string `json:"teams"`
	APIKey                 *string  `json:"api_key"`
	APIKeyLastUsedAt       *db.Time `json:"api_key_last_used_at"`
	// EmailBounce is what the server said for which EmailBouncedAt is set, OtherEmails the addresses of contacts that were
	// merged into this one. They are Foyer's additions.
	EmailBounce string   `json:"email_bounce"`
	OtherEmails []string `json:"other_emails"`
}

// Files is what contacts need of stored files; package media provides it.
type Files interface {
	// SetAvatar makes an uploaded picture, "" for none, the only one that belongs to a person.
	SetAvatar(ctx context.Context, tx *db.Tx, userID int64, uuid string) error
}

// Conversations is what happens to conversations when contacts are merged and erased; package conversation provides it.
type Conversations interface {
	// MoveContact makes all that is one contact's another's.
	MoveContact(ctx context.Context, tx *db.Tx, actorID, from, to int64) error
	// ForgetContact takes the addresses and the name of a contact out of what is kept besides the texts of messages.
	ForgetContact(ctx context.Context, tx *db.Tx, id int64, addresses []string, name string) error
	// DeleteOfContact has the conversations of a contact deleted for good, in p's name, once tx is committed.
	DeleteOfContact(ctx context.Context, tx *db.Tx, p *agent.Principal, id int64) error
}

// Service is the contacts of a desk.
type Service struct {
	db     *db.DB
	events *event.Log
	files  Files
	// Conversations must be set before contacts are merged or erased.
	Conversations Conversations
	// Owners returns the ids of the contacts whose address may contain a text, none left out, or false when they are too
	// many to name; nil never can. It makes the filter of the list quick.
	Owners func(ctx context.Context, part string) (ids []int64, all bool, err error)
}

// New makes the service.
func New(d *db.DB, events *event.Log, files Files) *Service {
	return &Service{db: d, events: events, files: files}
}

// ChangedPayload announces which fields of a contact changed, by their JSON names, and which custom attributes if only some
// did. It has no values: the log of events outlives a contact who must be forgotten.
type ChangedPayload struct {
	ContactID  int64    `json:"contact_id"`
	Fields     []string `json:"fields"`
	Attributes []string `json:"attributes,omitempty"`
}

func (s *Service) changed(ctx context.Context, tx *db.Tx, actor int64, change ChangedPayload) error {
	return changed(ctx, tx, s.events, actor, change)
}

func changed(ctx context.Context, tx *db.Tx, events *event.Log, actor int64, change ChangedPayload) error {
	if len(change.Fields) == 0 {
		return nil
	}
	return events.Append(ctx, tx, event.New{Type: event.ContactUpdated, ActorID: actor, Payload: change})
}

// Changed returns the fields that a change names as they are now, by their JSON names; nil if the contact does not exist.
func (s *Service) Changed(ctx context.Context, change ChangedPayload) (map[string]any, error) {
	c, err := s.Shown(ctx, change.ContactID)
	if c == nil || err != nil {
		return nil, err
	}
	now := fieldsOf(c)
	set := map[string]any{"contact_id": change.ContactID}
	for _, name := range change.Fields {
		if value, known := now[name]; known {
			set[name] = value
		}
	}
	if len(change.Attributes) == 0 {
		return set, nil
	}
	var all map[string]json.RawMessage
	if err := c.CustomAttributes.Decode(&all); err != nil {
		return nil, fmt.Errorf("read the attributes of contact %d: %w", c.ID, err)
	}
	some := map[string]json.RawMessage{}
	for _, key := range change.Attributes {
		if value, there := all[key]; there {
			some[key] = value
		}
	}
	set["custom_attributes"] = some
	return set, nil
}

// Shown returns a contact as conversations show them, even one that was erased; nil if there is none.
func (s *Service) Shown(ctx context.Context, id int64) (*Contact, error) {
	var c Detail
	err := s.db.QueryRow(ctx, `SELECT `+detailColumns+` FROM users u WHERE u.id = $1 AND u.type IN ('contact', 'visitor')`, id).Scan(c.places()...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read contact %d: %w", id, err)
	}
	return c.shown(), nil
}

// Get returns a contact or visitor; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (*Detail, error) { return get(ctx, s.db, id, "") }

// lock is get with the row locked until the transaction ends.
func lock(ctx context.Context, tx *db.Tx, id int64) (*Detail, error) {
	if tx.Engine() == db.Postgres {
		return get(ctx, tx, id, " FOR UPDATE")
	}
	return get(ctx, tx, id, "")
}

const itemColumns = `u.id, u.type, u.first_name, u.last_name, u.email, u.enabled, u.avatar_url, u.external_user_id, u.availability_status,
	u.created_at, u.updated_at, u.email_bounced_at, u.organization_id, (SELECT o.name FROM organizations o WHERE o.id = u.organization_id)`

func (i *Item) places() []any {
	return []any{&i.ID, &i.Type, &i.FirstName, &i.LastName, &i.Email, &i.Enabled, &i.AvatarURL, &i.ExternalUserID, &i.AvailabilityStatus,
		&i.CreatedAt, &i.UpdatedAt, &i.EmailBouncedAt, &i.OrganizationID, &i.Organization}
}

const detailColumns = itemColumns + `, u.phone_number, u.phone_number_country_code, u.country, u.last_active_at, u.last_login_at,
	u.custom_attributes, u.email_bounce`

func (c *Detail) places() []any {
	return append(c.Item.places(), &c.PhoneNumber, &c.PhoneNumberCountryCode, &c.Country, &c.LastActiveAt, &c.LastLoginAt,
		&c.CustomAttributes, &c.EmailBounce)
}

func get(ctx context.Context, q db.Querier, id int64, suffix string) (*Detail, error) {
	c := Detail{Teams: []string{}}
	err := q.QueryRow(ctx, `SELECT `+detailColumns+` FROM users u WHERE u.id = $1 AND u.type IN ('contact', 'visitor')
		AND u.deleted_at IS NULL`+suffix, id).Scan(c.places()...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fault.Missing("contact")
	}
	if err != nil {
		return nil, fmt.Errorf("read contact %d: %w", id, err)
	}
	c.OtherEmails, err = db.Select[string](ctx, q, `SELECT DISTINCT email FROM users WHERE merged_into = $1 AND email IS NOT NULL ORDER BY email`, id)
	if err != nil {
		return nil, fmt.Errorf("read the addresses of contact %d: %w", id, err)
	}
	return &c, nil
}

// shown returns the contact as conversations show them.
func (c *Detail) shown() *Contact {
	return &Contact{ID: c.ID, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, FirstName: c.FirstName, LastName: c.LastName, Email: c.Email,
		Type: c.Type, AvailabilityStatus: c.AvailabilityStatus, AvatarURL: c.AvatarURL, PhoneNumber: c.PhoneNumber,
		PhoneNumberCountryCode: c.PhoneNumberCountryCode, Country: c.Country, CustomAttributes: c.CustomAttributes, Enabled: c.Enabled,
		LastActiveAt: c.LastActiveAt, LastLoginAt: c.LastLoginAt, ExternalUserID: c.ExternalUserID, EmailBouncedAt: c.EmailBouncedAt,
		EmailBounce: c.EmailBounce, OrganizationID: c.OrganizationID, Organization: c.Organization}
}

// recorded is what the activity log keeps of a contact.
type recorded struct {
	FirstName              string  `json:"first_name"`
	LastName               string  `json:"last_name"`
	Email                  *string `json:"email"`
	PhoneNumber            *string `json:"phone_number"`
	PhoneNumberCountryCode *string `json:"phone_number_country_code"`
	Country                *string `json:"country"`
	AvatarURL              *string `json:"avatar_url"`
	ExternalUserID         *string `json:"external_user_id"`
	Enabled                bool    `json:"enabled"`
	Organization           *string `json:"organization"`
	CustomAttributes       db.JSON `json:"custom_attributes"`
}

func (c *Detail) record() recorded {
	return recorded{c.FirstName, c.LastName, c.Email, c.PhoneNumber, c.PhoneNumberCountryCode, c.Country, c.AvatarURL, c.ExternalUserID,
		c.Enabled, c.Organization, c.CustomAttributes}
}

func (c *Detail) target() audit.Target {
	t := audit.Target{Model: "contact", ID: c.ID, Name: c.name()}
	if c.Email != nil {
		t.Name = *c.Email
	}
	return t
}

func (c *Detail) name() string {
	if c.LastName == "" {
		return c.FirstName
	}
	return c.FirstName + " " + c.LastName
}
