package contact

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/organization"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// belongs returns to which organization a contact belongs after an edit, and whether the edit says so. A contact that is made,
// or gets another address, belongs to the organization of its domain unless it belongs to one or somebody decided otherwise.
func belongs(ctx context.Context, tx *db.Tx, was *Detail, e Edit) (id *int64, byHand bool, err error) {
	switch {
	case e.Organization != nil && *e.Organization == 0:
		return nil, true, nil
	case e.Organization != nil:
		return e.Organization, true, exists(ctx, tx, *e.Organization)
	case was == nil:
		id, err = organization.OfAddress(ctx, tx, e.Email)
		return id, false, err
	case was.OrganizationID != nil || text(was.Email) == e.Email:
		return was.OrganizationID, false, nil
	}
	var decided bool
	if err := tx.QueryRow(ctx, `SELECT organization_by_hand FROM users WHERE id = $1`, was.ID).Scan(&decided); err != nil || decided {
		return nil, false, err
	}
	id, err = organization.OfAddress(ctx, tx, e.Email)
	return id, false, err
}

func exists(ctx context.Context, tx *db.Tx, id int64) error {
	err := tx.QueryRow(ctx, `SELECT id FROM organizations WHERE id = $1`, id).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return fault.Field("organization_id", "error.unknown_organization")
	}
	return err
}

// AdoptTx implements [organization.Contacts].
func (s *Service) AdoptTx(ctx context.Context, tx *db.Tx, id int64, domains []string) (int64, error) {
	args := &filter.Args{}
	company, places := args.Add(id), make([]string, len(domains))
	for i, domain := range domains {
		places[i] = args.Add(domain)
	}
	n, err := tx.Exec(ctx, `UPDATE users SET organization_id = `+company+` WHERE `+domainColumn(tx.Engine())+` IN (`+strings.Join(places, ", ")+`)
		AND type IN ('contact', 'visitor') AND email IS NOT NULL AND deleted_at IS NULL AND organization_id IS NULL AND NOT organization_by_hand`, args.Values()...)
	if err != nil {
		return 0, fmt.Errorf("give contacts to organization %d: %w", id, err)
	}
	return n, nil
}

// domainColumn is the domain of an address, written as its index is.
func domainColumn(engine db.Engine) string {
	if engine == db.Postgres {
		return `split_part(email, '@', 2)`
	}
	return `substr(email, instr(email, '@') + 1)`
}
