package filter

import (
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Order returns what goes behind ORDER BY for the order a client asked for; nulls come last either way. defaultBy is the
// "model.field" used when orderBy is empty, with " desc" behind it if that is its direction; "" gives "". An empty order
// is ascending for a field that was asked for. The caller adds a tie-break.
func Order(f Fields, orderBy, order, defaultBy string) (string, error) {
	by, descending := orderBy, false
	if by == "" {
		by, descending = strings.CutSuffix(defaultBy, " desc")
	}
	switch strings.ToLower(order) {
	case "":
	case "asc":
		descending = false
	case "desc":
		descending = true
	default:
		return "", fault.Field("order", "error.unknown_value", "value", short(order))
	}
	if by == "" {
		return "", nil
	}
	field, ok := f[by]
	if !ok || field.Column == "" {
		return "", fault.Field("order_by", "error.unknown_value", "value", short(by))
	}
	out := field.Column + " ASC"
	if descending {
		out = field.Column + " DESC"
	}
	if field.Nullable {
		out += " NULLS LAST"
	}
	return out, nil
}
