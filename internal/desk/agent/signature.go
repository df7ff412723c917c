package agent

import (
	"context"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// MaxSignature is how many bytes of HTML a signature may have.
const MaxSignature = 20_000

// CleanSignature makes the HTML of a signature safe; one that shows nothing is "".
func CleanSignature(markup string) string {
	markup = strings.TrimSpace(htmlx.Sanitize(markup))
	if strings.TrimSpace(htmlx.Text(markup)) == "" && !strings.Contains(markup, "<img") {
		return ""
	}
	return markup
}

// Signature returns the HTML that an agent wants below their replies by mail; "" for none.
func Signature(ctx context.Context, q db.Querier, id int64) (string, error) {
	h, err := readHabits(ctx, q, id, "")
	return h.Signature, err
}
