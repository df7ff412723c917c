package organization

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// public are the domains of providers at which anybody can have an address: they say nothing of whom somebody works for.
var public = []string{
	"aol.com", "aol.de", "arcor.de", "bluewin.ch", "btinternet.com", "comcast.net", "duck.com", "email.de", "fastmail.com", "fastmail.fm",
	"free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk",
	"hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.it", "icloud.com", "laposte.net", "libero.it", "live.co.uk", "live.com", "live.de",
	"live.fr", "mac.com", "mail.com", "mail.de", "mail.ru", "mailbox.org", "me.com", "msn.com", "online.de", "orange.fr", "outlook.com",
	"outlook.de", "outlook.fr", "pm.me", "posteo.de", "proton.me", "protonmail.com", "qq.com", "rediffmail.com", "rocketmail.com", "sfr.fr",
	"t-online.de", "tutanota.com", "tuta.io", "verizon.net", "vodafone.de", "wanadoo.fr", "web.de", "yahoo.co.in", "yahoo.co.jp",
	"yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "ymail.com", "zoho.com", "126.com", "163.com",
}

// Public reports whether anybody can have an address of a domain.
func Public(domain string) bool { return slices.Contains(public, domain) }

// canonical returns the domains as the addresses of contacts have them, each once, in order. Invalid on "domains" for what is
// none, and for those of public providers.
func canonical(domains []string) ([]string, error) {
	if len(domains) > maxDomains {
		return nil, fault.Field("domains", "error.too_many", "max", fmt.Sprint(maxDomains))
	}
	out := make([]string, 0, len(domains))
	for _, typed := range domains {
		domain, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimPrefix(strings.TrimSpace(typed), "@")))
		switch {
		case err != nil || !strings.Contains(domain, ".") || strings.HasPrefix(domain, ".") || len(domain) > 253:
			return nil, fault.Field("domains", "error.organization_domain", "value", clip(typed))
		case Public(domain):
			return nil, fault.Field("domains", "error.domain_public", "value", domain)
		}
		out = append(out, domain)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// clip cuts what a client sent to a length that can be shown.
func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}

// OfAddress returns the organization to which the domain of an address belongs, nil if it belongs to none.
func OfAddress(ctx context.Context, q db.Querier, email string) (*int64, error) {
	var id int64
	err := q.QueryRow(ctx, OfDomain("$1"), DomainOf(email)).Scan(&id)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for the organization of a domain: %w", err)
	}
	return &id, nil
}

// OfDomain is the query of the organization to which the domain belongs that a placeholder stands for, for use in other statements.
func OfDomain(placeholder string) string {
	return `SELECT organization_id FROM organization_domains WHERE domain = ` + placeholder
}

// DomainOf returns the domain of an address.
func DomainOf(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

// setDomains makes these the domains of an organization and returns those that are new.
func setDomains(ctx context.Context, tx *db.Tx, id int64, before, after []string) (added []string, err error) {
	for _, domain := range before {
		if !slices.Contains(after, domain) {
			if _, err := tx.Exec(ctx, `DELETE FROM organization_domains WHERE domain = $1 AND organization_id = $2`, domain, id); err != nil {
				return nil, fmt.Errorf("take a domain from organization %d: %w", id, err)
			}
		}
	}
	for _, domain := range after {
		if slices.Contains(before, domain) {
			continue
		}
		n, err := tx.Exec(ctx, `INSERT INTO organization_domains (domain, organization_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, domain, id)
		if err != nil {
			return nil, fmt.Errorf("give a domain to organization %d: %w", id, err)
		}
		if n == 0 {
			return nil, fault.Field("domains", "error.domain_taken", "value", domain)
		}
		added = append(added, domain)
	}
	return added, nil
}
