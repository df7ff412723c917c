package doctor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/sso"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

const clockAdvice = "Set the clock, and let the system keep it (timedatectl set-ntp true). Codes of authenticator apps, single sign-on and the order of messages depend on it."

const (
	wrongBy  = 5 * time.Minute  // identity providers and certificates stop working
	unsureBy = 20 * time.Second // codes of authenticator apps begin to be refused
)

// beginning is a time that no desk has seen: a clock before it was never set.
var beginning = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock compares this machine's clock with another's: that of the database server, else an identity provider's; else it
// looks whether the desk has entries from the future.
func (e *examination) clock(ctx context.Context) Finding {
	if time.Now().Before(beginning) {
		return fail(clockAdvice, "it says %s", time.Now().UTC().Format(time.RFC3339))
	}
	if e.db == nil {
		return good("it says %s; there is nothing to compare it with", time.Now().UTC().Format(time.RFC3339))
	}
	if e.db.Engine() == db.Postgres {
		if off, err := offset(func() (time.Time, error) { return databaseTime(ctx, e.db) }); err == nil {
			return judge(off, "the database server's", time.Second)
		}
	}
	if address := e.provider(ctx); address != "" {
		if off, err := offset(func() (time.Time, error) { return e.headerTime(ctx, address) }); err == nil {
			return judge(off, "that of "+address, 2*time.Second) // the header has whole seconds
		}
	}
	p, err := audit.NewLog(e.db).List(ctx, audit.Query{Page: 1, PageSize: 1})
	if err == nil && len(p.Results) > 0 {
		if ahead := time.Until(p.Results[0].CreatedAt.Time); ahead > unsureBy {
			return fail(clockAdvice, "the newest entry of the activity log is %s in the future", age(ahead))
		}
	}
	return good("it says %s, later than everything in the desk", time.Now().UTC().Format(time.RFC3339))
}

// offset returns by how much another clock is ahead, taking half of the time that asking it took into account.
func offset(ask func() (time.Time, error)) (time.Duration, error) {
	begun := time.Now()
	there, err := ask()
	return there.Sub(begun.Add(time.Since(begun) / 2)), err
}

func databaseTime(ctx context.Context, d *db.DB) (at time.Time, err error) {
	err = d.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&at)
	return at, err
}

// provider returns the address of an identity provider in use, "" if there is none.
func (e *examination) provider(ctx context.Context) string {
	if e.box == nil {
		return ""
	}
	list, err := sso.New(sso.Options{DB: e.db, Box: e.box, RootURL: func() string { return e.rootURL }}).Public(ctx)
	if err != nil || len(list) == 0 {
		return ""
	}
	return list[0].ProviderURL
}

// headerTime reads the Date header (RFC 9110, section 6.6.1) of a server.
func (e *examination) headerTime(ctx context.Context, address string) (time.Time, error) {
	allowed, err := config.Prefixes(e.Config.OutboundAllow)
	if err != nil {
		return time.Time{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return time.Time{}, err
	}
	res, err := netguard.New(allowed).Client(netguard.Limits{}).Do(req)
	if err != nil {
		return time.Time{}, err
	}
	_ = res.Body.Close()
	if res.Header.Get("Date") == "" {
		return time.Time{}, errors.New("the server does not say what time it is")
	}
	return http.ParseTime(res.Header.Get("Date"))
}

func judge(off time.Duration, whose string, exact time.Duration) Finding {
	side := "behind"
	if off < 0 {
		side, off = "ahead of", -off
	}
	switch {
	case off > wrongBy:
		return fail(clockAdvice, "it is %s %s %s", age(off), side, whose)
	case off > unsureBy:
		return warn(clockAdvice, "it is %s %s %s", age(off), side, whose)
	case off <= exact:
		return good("the same as %s, as far as that can be told", whose)
	}
	return good("it is %s %s %s", age(off), side, whose)
}
