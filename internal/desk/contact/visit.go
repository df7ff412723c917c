package contact

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Visit is a page of a host's site that a contact looked at.
type Visit struct {
	URL   string  `json:"url"`
	Title string  `json:"title"`
	Time  db.Time `json:"time" db:"visited_at"`
}

const (
	maxVisits   = 20
	visitsKept  = 24 * time.Hour
	maxVisitURL = 2048 // bytes
	maxTitle    = 256  // bytes
)

// Visited notes, in the caller's transaction, that a contact looks at a page. An address that is not of the web, and the one
// that was noted last, are passed over: it reports whether something was noted. The newest 20 are kept.
func Visited(ctx context.Context, tx *db.Tx, contactID int64, address, title string) (bool, error) {
	address, ok := visitURL(address)
	if !ok {
		return false, nil
	}
	known, err := Visits(ctx, tx, contactID)
	if err != nil || len(known) > 0 && known[0].URL == address {
		return false, err
	}
	now := db.Now()
	if _, err := tx.Exec(ctx, `INSERT INTO page_visits (contact_id, visited_at, url, title) VALUES ($1, $2, $3, $4)`,
		contactID, now, address, cut(title, maxTitle)); err != nil {
		return false, fmt.Errorf("note a page visit: %w", err)
	}
	_, err = tx.Exec(ctx, `DELETE FROM page_visits WHERE contact_id = $1 AND (visited_at < $2 OR id NOT IN
		(SELECT id FROM page_visits WHERE contact_id = $1 ORDER BY id DESC LIMIT $3 + 0))`, contactID, db.At(now.Add(-visitsKept)), maxVisits)
	if err != nil {
		return false, fmt.Errorf("forget old page visits: %w", err)
	}
	return true, nil
}

// Visits returns the pages a contact looked at in the last 24 hours, newest first, at most 20.
func Visits(ctx context.Context, q db.Querier, contactID int64) ([]Visit, error) {
	out, err := db.Select[Visit](ctx, q, `SELECT url, title, visited_at FROM page_visits WHERE contact_id = $1 AND visited_at >= $2
		ORDER BY id DESC LIMIT $3 + 0`, contactID, db.At(time.Now().Add(-visitsKept)), maxVisits)
	if err != nil {
		return nil, fmt.Errorf("read page visits: %w", err)
	}
	return out, nil
}

// ForgetVisits deletes the page visits that are older than a day.
func ForgetVisits(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM page_visits WHERE visited_at < $1`, db.At(time.Now().Add(-visitsKept)))
		if err != nil {
			return fmt.Errorf("forget old page visits: %w", err)
		}
		return nil
	})
}

// visitURL cuts an address to its length; false for what is no page of the web, and for one with a password in it.
func visitURL(address string) (string, bool) {
	address = cut(strings.TrimSpace(address), maxVisitURL)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	return address, true
}

// cut makes a text storable and at most most bytes long, in whole characters.
func cut(s string, most int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
