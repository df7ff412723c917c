// Package contact owns the people on the customer's side: the rows of users whose type is contact or visitor, and the
// notes that agents keep about them.
//
// A person is never deleted: their messages stay. [Service.Erase] leaves a row without anything that says who they
// were, [Service.Merge] one that says which other contact they are, so that mail from their address finds it.
//
// What conversations must do when that happens is theirs: see [Conversations].
package contact

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/organization"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Contact is a customer as a conversation shows them.
type Contact struct {
	ID                     int64    `json:"id"`
	CreatedAt              db.Time  `json:"created_at"`
	UpdatedAt              db.Time  `json:"updated_at"`
	FirstName              string   `json:"first_name"`
	LastName               string   `json:"last_name"`
	Email                  *string  `json:"email"`
	Type                   string   `json:"type"`
	AvailabilityStatus     string   `json:"availability_status"`
	AvatarURL              *string  `json:"avatar_url"`
	PhoneNumber            *string  `json:"phone_number"`
	PhoneNumberCountryCode *string  `json:"phone_number_country_code"`
	Country                *string  `json:"country"`
	CustomAttributes       db.JSON  `json:"custom_attributes"`
	Enabled                bool     `json:"enabled"`
	LastActiveAt           *db.Time `json:"last_active_at"`
	LastLoginAt            *db.Time `json:"last_login_at"`
	ExternalUserID         *string  `json:"external_user_id"`
	// EmailBouncedAt is since when mail to the address comes back for good, EmailBounce the server's words. They are
	// Foyer's additions.
	EmailBouncedAt *db.Time `json:"email_bounced_at"`
	EmailBounce    string   `json:"email_bounce,omitempty"`
	// The organization is Foyer's addition, too.
	OrganizationID *int64  `json:"organization_id"`
	Organization   *string `json:"organization"`
}

// Identity is what is known of a person who writes to the desk.
type Identity struct {
	Email          string
	FirstName      string
	LastName       string
	ExternalUserID string

	madeUp bool // the name is the address's
}

// maxEmail and maxName are the greatest lengths in characters.
const (
	maxEmail = 320
	maxName  = 140
)

func (in Identity) normalised() (Identity, error) {
	in.Email = normalEmail(in.Email)
	in.FirstName, in.LastName = clip(strings.TrimSpace(in.FirstName)), clip(strings.TrimSpace(in.LastName))
	if in.Email == "" {
		return in, fault.Required("email")
	}
	if len([]rune(in.Email)) > maxEmail {
		return in, fault.TooLong("email", maxEmail)
	}
	if in.FirstName == "" {
		in.FirstName, _, _ = strings.Cut(in.Email, "@")
		in.FirstName, in.madeUp = clip(in.FirstName), in.LastName == ""
	}
	return in, nil
}

func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func clip(s string) string {
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName])
	}
	return s
}

// FindOrCreate returns the id of the contact with an identity's address, making one if there is none. A contact that
// exists stays as it is: whoever writes can claim any name. One with an external id wins over one without, then the
// oldest. Invalid if the contact to be made has the external id of another.
func FindOrCreate(ctx context.Context, tx *db.Tx, in Identity) (id int64, created bool, err error) {
	if in, err = in.normalised(); err != nil {
		return 0, false, err
	}
	id, err = find(ctx, tx, in.Email)
	if err == nil || !errors.Is(err, db.ErrNoRows) {
		return id, false, err
	}
	id, err = create(ctx, tx, in)
	return id, err == nil, err
}

// Known is what there is of an address.
type Known struct {
	ID      int64 // the contact that [FindOrCreate] returns; 0 for none
	Blocked bool  // see [Blocked]
}

// LookUp returns what is known of an address.
func LookUp(ctx context.Context, q db.Querier, email string) (k Known, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE((`+byEmail+`), (`+byMerged+`), 0), (`+blockedQuery+`)`, normalEmail(email)).Scan(&k.ID, &k.Blocked)
	if err != nil {
		return k, fmt.Errorf("look up an address: %w", err)
	}
	return k, nil
}

// Create returns the id of a contact made of an identity that has none as far as [LookUp] knows.
func Create(ctx context.Context, tx *db.Tx, in Identity) (id int64, err error) {
	if in, err = in.normalised(); err != nil {
		return 0, err
	}
	return create(ctx, tx, in)
}

func create(ctx context.Context, tx *db.Tx, in Identity) (id int64, err error) {
	now := db.Now()
	// Two mails of a new person may be filed at the same time by two nodes; the index decides, both get the one row.
	conflict := `ON CONFLICT (email) WHERE type = 'contact' AND deleted_at IS NULL AND external_user_id IS NULL DO UPDATE SET updated_at = excluded.updated_at`
	var external *string
	if in.ExternalUserID != "" {
		external = &in.ExternalUserID
		conflict = `ON CONFLICT (external_user_id) WHERE type = 'contact' AND deleted_at IS NULL DO UPDATE SET updated_at = excluded.updated_at
			WHERE users.email = excluded.email`
	}
	err = tx.QueryRow(ctx, `INSERT INTO users (created_at, updated_at, type, email, first_name, last_name, external_user_id, organization_id, name_made_up)
		VALUES ($1, $1, 'contact', $2, $3, $4, $5, (`+organization.OfDomain("$6")+`), $7)
		`+conflict+` RETURNING id`,
		now, in.Email, in.FirstName, in.LastName, external, organization.DomainOf(in.Email), in.madeUp).Scan(&id)
	if errors.Is(err, db.ErrNoRows) { // it is somebody's with another address
		return 0, fault.Field("external_user_id", "error.exists", "value", in.ExternalUserID)
	}
	if err != nil {
		return 0, fmt.Errorf("create contact: %w", err)
	}
	return id, nil
}

// The contact that has the address $1, and the one into which somebody with it was merged. Adding nothing to a column keeps other
// indexes than that of addresses out of it: in a new desk PostgreSQL has counted nobody yet, takes those to be as short, and
// would walk all people.
const (
	byEmail  = `SELECT id FROM users WHERE email = $1 AND type || '' = 'contact' AND deleted_at IS NULL ORDER BY external_user_id IS NULL, id LIMIT 1`
	byMerged = `SELECT into_.id FROM users u JOIN users into_ ON into_.id = u.merged_into
		WHERE u.email = $1 AND into_.type || '' = 'contact' AND into_.deleted_at IS NULL ORDER BY u.id + 0 DESC LIMIT 1`
)

func find(ctx context.Context, tx *db.Tx, email string) (id int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE((`+byEmail+`), (`+byMerged+`), 0)`, email).Scan(&id)
	if err == nil && id == 0 {
		err = db.ErrNoRows
	}
	return id, err
}

// Introduce gives a contact whose name nobody said the name that they write under; every other contact keeps theirs,
// since whoever writes can claim any. A name that is an address is none. The actor of that is the contact.
func Introduce(ctx context.Context, tx *db.Tx, events *event.Log, id int64, first, last string) error {
	first, last = clip(strings.TrimSpace(first)), clip(strings.TrimSpace(last))
	if first == "" || strings.Contains(first+last, "@") {
		return nil
	}
	n, err := tx.Exec(ctx, `UPDATE users SET first_name = $2, last_name = $3, name_made_up = FALSE, updated_at = $4
		WHERE id = $1 AND type = 'contact' AND deleted_at IS NULL AND (name_made_up OR first_name = '' AND last_name = '')
			AND (first_name <> $2 OR last_name <> $3)`, id, first, last, db.Now())
	if err != nil {
		return fmt.Errorf("name contact %d: %w", id, err)
	}
	if n == 0 {
		return nil
	}
	return changed(ctx, tx, events, id, ChangedPayload{ContactID: id, Fields: []string{"first_name", "last_name"}})
}

// Promote makes a visitor a contact, unless there is one with the address. The actor of that is the visitor.
func Promote(ctx context.Context, tx *db.Tx, events *event.Log, id int64) error {
	n, err := tx.Exec(ctx, `UPDATE users SET type = 'contact', updated_at = $2 WHERE id = $1 AND type = 'visitor' AND deleted_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email = users.email AND o.type = 'contact' AND o.deleted_at IS NULL)`, id, db.Now())
	if err != nil {
		return fmt.Errorf("make visitor %d a contact: %w", id, err)
	}
	if n == 0 {
		return nil
	}
	return changed(ctx, tx, events, id, ChangedPayload{ContactID: id, Fields: []string{"type"}})
}

const blockedQuery = `SELECT count(*) > 0 FROM users u JOIN users p ON p.id = COALESCE(u.merged_into, u.id)
	WHERE u.email = $1 AND p.type || '' IN ('contact', 'visitor') AND p.deleted_at IS NULL AND NOT p.enabled`

// Blocked reports whether a contact or visitor with the address, or the one they were merged into, is blocked.
func Blocked(ctx context.Context, q db.Querier, email string) (bool, error) {
	var blocked bool
	if err := q.QueryRow(ctx, blockedQuery, normalEmail(email)).Scan(&blocked); err != nil {
		return false, fmt.Errorf("look for a blocked contact: %w", err)
	}
	return blocked, nil
}

// MarkBounced notes on every contact with an address that mail to it came back for good, with the server's words.
func MarkBounced(ctx context.Context, tx *db.Tx, email, words string) error {
	_, err := tx.Exec(ctx, `UPDATE users SET email_bounced_at = $2, email_bounce = $3
		WHERE email = $1 AND type IN ('contact', 'visitor') AND deleted_at IS NULL`, strings.ToLower(email), db.Now(), words)
	if err != nil {
		return fmt.Errorf("mark an address that bounces: %w", err)
	}
	return nil
}

// ClearBounced takes the mark of MarkBounced from a contact: who writes from an address can be reached there again.
func ClearBounced(ctx context.Context, tx *db.Tx, id int64) error {
	return tx.Later(ctx, "clear the mark of an address", `UPDATE users SET email_bounced_at = NULL, email_bounce = '' WHERE id = $1 AND email_bounced_at IS NOT NULL`, id)
}
