package contact

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Erased is the name under which the messages of an erased contact stay.
const Erased = "Deleted contact"

// Fate says what becomes of the conversations of a contact who is erased.
type Fate string

// The fates: they stay, under [Erased], or are deleted for good as from the trash.
const (
	KeepConversations   Fate = "keep"
	DeleteConversations Fate = "delete"
)

// check returns Invalid for an unknown fate, Forbidden if p may not decide it: who has conversations deleted unseen must be
// allowed to see and to delete any.
func (f Fate) check(p *agent.Principal) error {
	switch f {
	case "":
		return fault.Required("conversations")
	case KeepConversations:
		return nil
	case DeleteConversations:
		if !p.Can(role.ConversationsDelete) || !p.Can(role.ConversationsReadAll) {
			return fault.Denied()
		}
		return nil
	}
	return fault.Field("conversations", "error.unknown_value", "value", string(f))
}

// Erase deletes what is known of a contact, and of those merged into them: name, addresses, phone number, country,
// picture, external id, attributes and notes. Conversations and the texts of messages stay, under [Erased], or are deleted
// in the background. The entry of the activity log does not say who it was. Errors: Invalid or Forbidden for the fate;
// NotFound.
func (s *Service) Erase(ctx context.Context, p *agent.Principal, id int64, fate Fate) error {
	if err := fate.check(p); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		c, err := lock(ctx, tx, id)
		if err != nil {
			return err
		}
		addresses := c.OtherEmails
		if c.Email != nil {
			addresses = append(addresses, *c.Email)
		}
		if err := s.Conversations.ForgetContact(ctx, tx, id, addresses, c.name()); err != nil {
			return err
		}
		if err := s.files.SetAvatar(ctx, tx, id, ""); err != nil {
			return err
		}
		for _, of := range []string{"contact_notes", "page_visits"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+of+` WHERE contact_id = $1`, id); err != nil {
				return fmt.Errorf("delete the %s of contact %d: %w", of, id, err)
			}
		}
		now := db.Now()
		if _, err := tx.Exec(ctx, `UPDATE users SET updated_at = $2, deleted_at = $2, first_name = $3, last_name = '', email = NULL, phone_number = NULL,
			phone_number_country_code = NULL, country = NULL, avatar_url = NULL, external_user_id = NULL, custom_attributes = '{}',
			organization_id = NULL,
			password_hash = NULL, last_active_at = NULL, last_login_at = NULL, availability_status = 'offline',
			email_bounced_at = NULL, email_bounce = '' WHERE id = $1 OR merged_into = $1`, id, now, Erased); err != nil {
			return fmt.Errorf("erase contact %d: %w", id, err)
		}
		// What agents see of the contact beside conversations goes, too.
		gone := &Contact{FirstName: Erased, Type: c.Type, AvailabilityStatus: "offline", CustomAttributes: db.JSON(`{}`), Enabled: c.Enabled}
		gone.ID, gone.CreatedAt = c.ID, c.CreatedAt
		if err := s.changed(ctx, tx, p.ID, ChangedPayload{ContactID: id, Fields: difference(c.shown(), gone)}); err != nil {
			return err
		}
		if fate == DeleteConversations {
			if err := s.Conversations.DeleteOfContact(ctx, tx, p, id); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactDeleted, Actor: p.Audited(), Target: audit.Target{Model: "contact", ID: id}})
	})
}
