package audit

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/csvfile"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// batch is how many entries an export reads at once: no connection is held while a client reads slowly.
const batch = 500

var header = []string{"id", "created_at", "activity_type", "activity_description", "actor_id", "actor", "via", "ip",
	"target_model_type", "target_model_id", "target", "before", "after"}

// Export writes the entries of a query as CSV (RFC 4180), the newest first; the query's order and page do not count.
// That it was exported is itself recorded, before the first line is written. begin is called once the query is known to
// be good; an error after that means that the file is not whole.
func (l *Log) Export(ctx context.Context, q Query, w io.Writer, begin func()) error {
	q.OrderBy, q.Order = "", ""
	where, order, args, err := statement(q)
	if err != nil {
		return err
	}
	err = l.db.Tx(ctx, func(tx *db.Tx) error {
		return Record(ctx, tx, Entry{Type: ActivityExported, Target: Target{Model: "activity_log"}, Note: q.Filters})
	})
	if err != nil {
		return err
	}
	var newest int64
	if err := l.db.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) FROM activity_logs`).Scan(&newest); err != nil {
		return fmt.Errorf("find the newest entry: %w", err)
	}
	if where = strings.TrimPrefix(where, " WHERE "); where != "" {
		where = " AND " + where
	}
	first := len(args.Values())
	at, id := args.Add(int64(0)), args.Add(int64(0))
	query := `SELECT ` + columns + ` FROM activity_logs WHERE (created_at, id) < (` + at + `, ` + id + `)` + where + ` ORDER BY ` + order + fmt.Sprintf(` LIMIT %d`, batch)
	begin()
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	var last db.Time
	values := args.Values()
	values[first], values[first+1] = db.At(time.Now().Add(24*time.Hour)), newest+1
	for {
		items, err := l.read(ctx, query, args)
		if err != nil {
			return fmt.Errorf("read the activity log: %w", err)
		}
		for _, i := range items {
			if i.ID > newest {
				continue // came meanwhile
			}
			if err := out.Write(i.record()); err != nil {
				return err
			}
		}
		if out.Flush(); out.Error() != nil {
			return out.Error()
		}
		if len(items) < batch {
			return nil
		}
		last = items[len(items)-1].CreatedAt
		values[first], values[first+1] = last, items[len(items)-1].ID
	}
}

// record returns the entry as a line of CSV.
func (i Item) record() []string {
	line := []string{strconv.FormatInt(i.ID, 10), i.CreatedAt.UTC().Format(time.RFC3339Nano), i.Type, i.Description,
		strconv.FormatInt(i.ActorID, 10), i.ActorName, i.Via, i.IP, i.TargetModel, strconv.FormatInt(i.TargetID, 10), i.TargetName,
		string(db.ToJSON(i.Before)), string(db.ToJSON(i.After))}
	return csvfile.Inert(line)
}
