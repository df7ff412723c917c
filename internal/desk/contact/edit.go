package contact

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/attribute"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The greatest lengths of what is known of a contact, in characters.
const (
	maxPhone       = 20
	maxPhoneCode   = 10
	maxCountry     = 140
	maxExternalID  = 140
	maxAvatarRoute = 1000
)

// avatarPath is below which pictures of contacts are.
const avatarPath = "/uploads/"

// Edit is what a contact is made or changed to. An empty text is none.
type Edit struct {
	Email                  string
	FirstName              string
	LastName               string
	PhoneNumber            string
	PhoneNumberCountryCode string
	Country                string
	ExternalUserID         string // only when a contact is made
	// AvatarURL keeps the picture there is, if it is its address, or removes it, if it is empty.
	AvatarURL string
	// Avatar is the uuid of an uploaded picture that becomes the contact's, whatever AvatarURL says.
	Avatar string
	// Organization is to whom the contact belongs, 0 for nobody, whatever the domain of the address; nil leaves it to that.
	Organization *int64
	// Attributes are custom attributes to set; others stay.
	Attributes map[string]json.RawMessage
}

// Check makes the texts canonical and returns the Invalid error of the first that is wrong.
func (e *Edit) Check() error {
	e.Email = strings.ToLower(strings.TrimSpace(e.Email))
	for _, t := range []struct {
		field string
		value *string
		most  int
	}{
		{"email", &e.Email, maxEmail}, {"first_name", &e.FirstName, maxName}, {"last_name", &e.LastName, maxName},
		{"phone_number", &e.PhoneNumber, maxPhone}, {"phone_number_country_code", &e.PhoneNumberCountryCode, maxPhoneCode},
		{"country", &e.Country, maxCountry}, {"external_user_id", &e.ExternalUserID, maxExternalID}, {"avatar_url", &e.AvatarURL, maxAvatarRoute},
	} {
		*t.value = strings.TrimSpace(*t.value)
		switch {
		case !isText(*t.value):
			return fault.Field(t.field, "error.control_characters")
		case len([]rune(*t.value)) > t.most:
			return fault.TooLong(t.field, t.most)
		}
	}
	switch {
	case e.Email == "":
		return fault.Required("email")
	case e.FirstName == "":
		return fault.Required("first_name")
	}
	if err := agent.CheckAddress(e.Email); err != nil {
		return err
	}
	return CheckAttributeLimits(e.Attributes)
}

// isText reports whether a line can be stored and shown.
func isText(s string) bool {
	return strings.ToValidUTF8(s, "") == s && !strings.ContainsFunc(s, unicode.IsControl)
}

// none is a text as it is stored: nothing for an empty one.
func none(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Create makes a contact. Invalid if a field is wrong or another contact has the address or the external id.
func (s *Service) Create(ctx context.Context, p *agent.Principal, e Edit) (*Detail, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	var made *Detail
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := attribute.Check(ctx, tx, attribute.OfContacts, e.Attributes); err != nil {
			return err
		}
		attributes, _ := merged(nil, e.Attributes)
		company, byHand, err := belongs(ctx, tx, nil, e)
		if err != nil {
			return err
		}
		var id int64
		err = tx.QueryRow(ctx, `INSERT INTO users (created_at, updated_at, type, email, first_name, last_name, phone_number,
			phone_number_country_code, country, external_user_id, custom_attributes, organization_id, organization_by_hand)
			VALUES ($1, $1, 'contact', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`, db.Now(), e.Email, e.FirstName, e.LastName,
			none(e.PhoneNumber), none(e.PhoneNumberCountryCode), none(e.Country), none(e.ExternalUserID), attributes, company, byHand).Scan(&id)
		if err != nil {
			return taken(err, e)
		}
		if made, err = get(ctx, tx, id, ""); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactCreated, Actor: p.Audited(), Target: made.target(), After: made.record()})
	})
	return made, err
}

// taken tells an address or an external id that another contact has from other errors.
func taken(err error, e Edit) error {
	unique, what := db.IsUnique(err)
	switch {
	case unique && strings.Contains(what, "external"):
		return fault.Field("external_user_id", "error.exists", "value", e.ExternalUserID)
	case unique:
		return fault.Field("email", "error.contact_email_taken", "value", e.Email)
	}
	return fmt.Errorf("store contact: %w", err)
}

// Replace replaces what is known of a contact: a field that is empty becomes so. Invalid if a field is wrong, the address
// is another contact's, or AvatarURL is not that of the contact's own picture. Nothing has changed then.
func (s *Service) Replace(ctx context.Context, p *agent.Principal, id int64, e Edit) (*Detail, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	return s.edit(ctx, p, id, func(*Detail) (Edit, error) { return e, nil })
}

// Patch are the fields of a contact to change, those that are not nil. An empty text is none.
type Patch struct {
	Email                  *string
	FirstName              *string
	LastName               *string
	PhoneNumber            *string
	PhoneNumberCountryCode *string
	Country                *string
	Organization           *int64 // 0 for none
	Attributes             map[string]json.RawMessage
}

// Update changes some fields of a contact. Invalid as [Service.Replace].
func (s *Service) Update(ctx context.Context, p *agent.Principal, id int64, c Patch) (*Detail, error) {
	return s.edit(ctx, p, id, func(was *Detail) (Edit, error) {
		e := Edit{Email: text(was.Email), FirstName: was.FirstName, LastName: was.LastName, PhoneNumber: text(was.PhoneNumber),
			PhoneNumberCountryCode: text(was.PhoneNumberCountryCode), Country: text(was.Country), AvatarURL: text(was.AvatarURL), Organization: c.Organization, Attributes: c.Attributes}
		for to, from := range map[*string]*string{&e.Email: c.Email, &e.FirstName: c.FirstName, &e.LastName: c.LastName,
			&e.PhoneNumber: c.PhoneNumber, &e.PhoneNumberCountryCode: c.PhoneNumberCountryCode, &e.Country: c.Country} {
			if from != nil {
				*to = *from
			}
		}
		return e, e.Check()
	})
}

// edit changes a contact to what fn makes of it, with the event and the entry of the activity log.
func (s *Service) edit(ctx context.Context, p *agent.Principal, id int64, fn func(was *Detail) (Edit, error)) (*Detail, error) {
	var after *Detail
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		was, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		e, err := fn(was)
		if err != nil {
			return err
		}
		if err := attribute.Check(ctx, tx, attribute.OfContacts, e.Attributes); err != nil {
			return err
		}
		avatar, err := s.avatar(ctx, tx, was, e)
		if err != nil {
			return err
		}
		attributes, err := merged(was.CustomAttributes, e.Attributes)
		if err != nil {
			return err
		}
		company, byHand, err := belongs(ctx, tx, was, e)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE users SET updated_at = $2, first_name = $3, last_name = $4, name_made_up = name_made_up AND first_name = $3 AND last_name = $4, phone_number = $5, phone_number_country_code = $6,
			country = $7, avatar_url = $8, custom_attributes = $9,
			email_bounced_at = CASE WHEN email = $10 THEN email_bounced_at END, email_bounce = CASE WHEN email = $10 THEN email_bounce ELSE '' END,
			email = $10, organization_id = $11, organization_by_hand = organization_by_hand OR $12 WHERE id = $1`, id, db.Now(), e.FirstName, e.LastName, none(e.PhoneNumber), none(e.PhoneNumberCountryCode),
			none(e.Country), avatar, attributes, e.Email, company, byHand)
		if err != nil {
			return taken(err, e)
		}
		if after, err = get(ctx, tx, id, ""); err != nil {
			return err
		}
		return s.edited(ctx, tx, p, was, after)
	})
	return after, err
}

// avatar returns the address of the picture that a contact has after an edit. A picture that it no longer has is collected
// with the files that nothing uses: it is the contact's own, whatever address the client sent.
func (s *Service) avatar(ctx context.Context, tx *db.Tx, was *Detail, e Edit) (*string, error) {
	switch {
	case e.Avatar != "":
		address := avatarPath + e.Avatar
		return &address, s.files.SetAvatar(ctx, tx, was.ID, e.Avatar)
	case e.AvatarURL == "":
		return nil, s.files.SetAvatar(ctx, tx, was.ID, "")
	case e.AvatarURL == text(was.AvatarURL):
		return was.AvatarURL, nil
	}
	return nil, fault.Field("avatar_url", "error.avatar_foreign")
}

// edited announces and records what an edit changed.
func (s *Service) edited(ctx context.Context, tx *db.Tx, p *agent.Principal, was, is *Detail) error {
	if err := s.changed(ctx, tx, p.ID, ChangedPayload{ContactID: is.ID, Fields: difference(was.shown(), is.shown())}); err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactUpdated, Actor: p.Audited(), Target: is.target(), Before: was.record(), After: is.record()})
}

// fieldsOf returns the fields of a contact by their JSON names.
func fieldsOf(c *Contact) map[string]any {
	v := reflect.ValueOf(*c)
	out := make(map[string]any, v.NumField())
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		out[name] = v.Field(i).Interface()
	}
	return out
}

// difference returns the names of the fields in which a contact changed, in order.
func difference(was, is *Contact) (names []string) {
	before := fieldsOf(was)
	for name, value := range fieldsOf(is) {
		if name != "updated_at" && !reflect.DeepEqual(before[name], value) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// SetEnabled blocks a contact, whose mail is ignored from then on, or lets them write again.
func (s *Service) SetEnabled(ctx context.Context, p *agent.Principal, id int64, enabled bool) (after *Detail, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		after, err = SetEnabledTx(ctx, tx, s.events, p, id, enabled)
		return err
	})
	return after, err
}

// SetEnabledTx is [Service.SetEnabled] in the caller's transaction.
func SetEnabledTx(ctx context.Context, tx *db.Tx, events *event.Log, p *agent.Principal, id int64, enabled bool) (*Detail, error) {
	was, err := lock(ctx, tx, id)
	if err != nil || was.Enabled == enabled {
		return was, err
	}
	if _, err := tx.Exec(ctx, `UPDATE users SET updated_at = $2, enabled = $3 WHERE id = $1`, id, db.Now(), enabled); err != nil {
		return nil, fmt.Errorf("block contact %d: %w", id, err)
	}
	after, err := get(ctx, tx, id, "")
	if err != nil {
		return nil, err
	}
	if err := changed(ctx, tx, events, p.ID, ChangedPayload{ContactID: id, Fields: []string{"enabled"}}); err != nil {
		return nil, err
	}
	kind := audit.ContactBlocked
	if enabled {
		kind = audit.ContactUnblocked
	}
	return after, audit.Record(ctx, tx, audit.Entry{Type: kind, Actor: p.Audited(), Target: after.target(), Before: was.record(), After: after.record()})
}
