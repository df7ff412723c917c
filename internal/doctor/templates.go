package doctor

import (
	"context"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// templates looks whether mail had to leave without a template that could not be used.
func (e *examination) templates(ctx context.Context) Finding {
	var broken []string
	err := db.Each(ctx, e.db, func(r db.Rows) error {
		var name, reason string
		err := r.Scan(&name, &reason)
		broken = append(broken, name+": "+oneLine(reason))
		return err
	}, `SELECT name, last_error FROM templates WHERE last_error IS NOT NULL ORDER BY id`)
	switch {
	case err != nil:
		return fail("Read the log of the desk.", "the templates cannot be read: %s", oneLine(err.Error()))
	case len(broken) > 0:
		return warn("Correct them under Administration, Templates. Mail leaves without them until then.", "%s", strings.Join(broken, "; "))
	}
	return good("all of them can be used")
}
