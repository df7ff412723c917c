package contact

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/csvfile"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// batch is how many contacts an export reads at once: no connection is held while a client reads slowly.
const batch = 500

// MaxExported is the most contacts that an export names one by one.
const MaxExported = 1000

var header = []string{"id", "type", "email", "first_name", "last_name", "phone_number_country_code", "phone_number", "country",
	"external_user_id", "enabled", "created_at", "updated_at", "custom_attributes", "organization"}

// Export writes the contacts of a query as CSV (RFC 4180), the oldest first; the query's order and page do not count. That
// it was exported is recorded before the first line is written. begin is called once the query is known to be good; an
// error after that means that the file is not whole.
func (s *Service) Export(ctx context.Context, q Query, w io.Writer, begin func()) error {
	if len(q.IDs) > MaxExported {
		return fault.Field("ids", "error.too_many", "max", strconv.Itoa(MaxExported))
	}
	args := &filter.Args{}
	where, err := s.where(ctx, q, args)
	if err != nil {
		return err
	}
	if len(q.IDs) > 0 {
		where += ` AND ` + idIn(q.IDs, args)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactsExported, Target: audit.Target{Model: "contact"}, Note: exported(q)})
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

// exported says in the activity log which contacts left.
func exported(q Query) string {
	if len(q.IDs) == 0 {
		return q.Filters
	}
	chosen := make([]string, len(q.IDs))
	for i, id := range q.IDs {
		chosen[i] = strconv.FormatInt(id, 10)
	}
	return strings.TrimSpace(q.Filters + " ids " + strings.Join(chosen, ", "))
}

// line returns the contact as a line of CSV.
func (c *Detail) line() []string {
	line := []string{strconv.FormatInt(c.ID, 10), c.Type, text(c.Email), c.FirstName, c.LastName, text(c.PhoneNumberCountryCode), text(c.PhoneNumber),
		text(c.Country), text(c.ExternalUserID), strconv.FormatBool(c.Enabled), c.CreatedAt.UTC().Format(time.RFC3339),
		c.UpdatedAt.UTC().Format(time.RFC3339), string(c.CustomAttributes), text(c.Organization)}
	return csvfile.Inert(line)
}
