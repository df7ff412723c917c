package contact

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/csvfile"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// batch is how many contacts an export reads at once: no connection is held while a client reads slowly.
const batch = 500

var header = []string{"id", "type", "email", "first_name", "last_name", "phone_number_country_code", "phone_number", "country",
	"external_user_id", "enabled", "created_at", "updated_at", "custom_attributes"}

// Export writes the contacts of a query as CSV (RFC 4180), the oldest first; the query's order and page do not count. That
// it was exported is recorded before the first line is written. begin is called once the query is known to be good; an
// error after that means that the file is not whole.
func (s *Service) Export(ctx context.Context, q Query, w io.Writer, begin func()) error {
	args := &filter.Args{}
	where, err := s.where(ctx, q, args)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactsExported, Target: audit.Target{Model: "contact"}, Note: q.Filters})
	})
	if err != nil {
		return err
	}
	after := len(args.Values())
	query := `SELECT ` + detailColumns + ` FROM users u WHERE ` + where + ` AND u.id > ` + args.Add(int64(0)) + fmt.Sprintf(` ORDER BY u.id LIMIT %d`, batch)
	begin()
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for {
		var people []Detail
		err := db.Each(ctx, s.db, func(r db.Rows) error {
			var c Detail
			err := r.Scan(c.places()...)
			people = append(people, c)
			return err
		}, query, args.Values()...)
		if err != nil {
			return fmt.Errorf("read contacts: %w", err)
		}
		for i := range people {
			if err := out.Write(people[i].line()); err != nil {
				return err
			}
		}
		if out.Flush(); out.Error() != nil || len(people) < batch {
			return out.Error()
		}
		args.Values()[after] = people[len(people)-1].ID
	}
}

// line returns the contact as a line of CSV.
func (c *Detail) line() []string {
	line := []string{strconv.FormatInt(c.ID, 10), c.Type, text(c.Email), c.FirstName, c.LastName, text(c.PhoneNumberCountryCode), text(c.PhoneNumber),
		text(c.Country), text(c.ExternalUserID), strconv.FormatBool(c.Enabled), c.CreatedAt.UTC().Format(time.RFC3339),
		c.UpdatedAt.UTC().Format(time.RFC3339), string(c.CustomAttributes)}
	return csvfile.Inert(line)
}
