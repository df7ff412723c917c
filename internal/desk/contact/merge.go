package contact

import (
	"context"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Merge makes all that is one contact's another's — conversations, messages, notes — and returns the other. What the
// other lacks (phone number, country, picture, external id, organization, attributes) is taken from the first. Mail from the first one's
// address is the other's from then on. Invalid for the same contact twice and for a contact into a visitor.
func (s *Service) Merge(ctx context.Context, p *agent.Principal, from, into int64) (*Detail, error) {
	if from == into {
		return nil, fault.Field("into", "error.merge_same")
	}
	var after *Detail
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		first, second, err := lockBoth(ctx, tx, from, into)
		if err != nil {
			return err
		}
		if first.Type == "contact" && second.Type != "contact" {
			return fault.Field("into", "error.merge_into_visitor")
		}
		if err := s.absorb(ctx, tx, first, second); err != nil {
			return err
		}
		if after, err = get(ctx, tx, into, ""); err != nil {
			return err
		}
		if err := s.Conversations.MoveContact(ctx, tx, p.ID, from, into); err != nil {
			return err
		}
		if err := s.changed(ctx, tx, p.ID, ChangedPayload{ContactID: into, Fields: difference(second.shown(), after.shown())}); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactMerged, Actor: p.Audited(), Target: after.target(),
			Before: map[string]any{"from": first.record(), "into": second.record()}, After: map[string]any{"into": after.record()},
			Note: fmt.Sprintf("%s #%d", first.target().Name, from)})
	})
	return after, err
}

// lockBoth locks two contacts in the order of their ids, so that two merges the other way round do not wait for each other.
func lockBoth(ctx context.Context, tx *db.Tx, from, into int64) (first, second *Detail, err error) {
	if from < into {
		if first, err = lock(ctx, tx, from); err == nil {
			second, err = lockInto(ctx, tx, into)
		}
		return first, second, err
	}
	if second, err = lockInto(ctx, tx, into); err == nil {
		first, err = lock(ctx, tx, from)
	}
	return first, second, err
}

// lockInto names the field of the request in which a contact that does not exist was named.
func lockInto(ctx context.Context, tx *db.Tx, id int64) (*Detail, error) {
	c, err := lock(ctx, tx, id)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Field("into", "error.unknown_contact")
	}
	return c, err
}

// absorb ends the first contact and gives the second what it lacks.
func (s *Service) absorb(ctx context.Context, tx *db.Tx, first, second *Detail) error {
	attributes := map[string]any{}
	for _, c := range []*Detail{first, second} { // the second one's count
		if err := c.CustomAttributes.Decode(&attributes); err != nil {
			return fmt.Errorf("read the attributes of contact %d: %w", c.ID, err)
		}
	}
	picture := second.AvatarURL
	if picture == nil {
		picture = first.AvatarURL
	}
	external := second.ExternalUserID
	if external == nil {
		external = first.ExternalUserID
	}
	now := db.Now()
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`UPDATE users SET updated_at = $2, deleted_at = $2, merged_into = $3, avatar_url = NULL WHERE id = $1`, []any{first.ID, now, second.ID}},
		{`UPDATE users SET merged_into = $2 WHERE merged_into = $1`, []any{first.ID, second.ID}},
		{`UPDATE users SET updated_at = $2, email = COALESCE(email, $3), phone_number_country_code = CASE WHEN phone_number IS NULL THEN $4 ELSE phone_number_country_code END,
			phone_number = COALESCE(phone_number, $5), country = COALESCE(country, $6), avatar_url = $7, external_user_id = $8, custom_attributes = $9,
			organization_id = CASE WHEN organization_by_hand THEN organization_id ELSE COALESCE(organization_id, $10) END WHERE id = $1`,
			[]any{second.ID, now, first.Email, first.PhoneNumberCountryCode, first.PhoneNumber, first.Country, picture, external, db.ToJSON(attributes), first.OrganizationID}},
		{`UPDATE contact_notes SET contact_id = $2 WHERE contact_id = $1`, []any{first.ID, second.ID}},
		{`UPDATE page_visits SET contact_id = $2 WHERE contact_id = $1`, []any{first.ID, second.ID}},
	} {
		if _, err := tx.Exec(ctx, step.query, step.args...); err != nil {
			return fmt.Errorf("merge contact %d into %d: %w", first.ID, second.ID, err)
		}
	}
	if uuid, own := strings.CutPrefix(text(first.AvatarURL), avatarPath); own && second.AvatarURL == nil {
		return s.files.SetAvatar(ctx, tx, second.ID, uuid)
	}
	return s.files.SetAvatar(ctx, tx, first.ID, "")
}
