package inbox

import (
	"strconv"
	"strings"
)

// place identifies a server of an inbox for the pairing of stored and given ones, from the most to the least telling.
type place struct {
	full    string // everything that says which mailbox or server it is
	account string // the account on the host
}

func placeOf(host string, port int, username, mailbox string) place {
	account := strings.ToLower(host) + "\x00" + username
	return place{full: account + "\x00" + strconv.Itoa(port) + "\x00" + mailbox, account: account}
}

// pair returns for each given server which stored one it continues, -1 for none: the same server, else the same
// account on the same host, else the one at the same position. No stored server is continued twice.
func pair(stored, given []place) []int {
	out := make([]int, len(given))
	taken := make([]bool, len(stored))
	for i := range out {
		out[i] = -1
	}
	match := func(same func(i, j int) bool) {
		for i := range given {
			for j := range stored {
				if out[i] < 0 && !taken[j] && same(i, j) {
					out[i], taken[j] = j, true
				}
			}
		}
	}
	match(func(i, j int) bool { return given[i].full == stored[j].full })
	match(func(i, j int) bool { return given[i].account == stored[j].account })
	match(func(i, j int) bool { return i == j })
	return out
}

// keepSecrets fills in, from the stored settings, the secrets that the given ones leave as they are, and seals the new
// ones with seal. Stored secrets stay sealed throughout.
func (c *EmailConfig) keepSecrets(stored EmailConfig, gone cleared, seal func(string) string) {
	settle := func(given string, null bool, kept string) string {
		switch {
		case null:
			return ""
		case keeps(given):
			return kept
		}
		return seal(given)
	}
	var was, is []place
	for _, s := range stored.SMTP {
		was = append(was, placeOf(s.Host, s.Port, s.Username, ""))
	}
	for _, s := range c.SMTP {
		is = append(is, placeOf(s.Host, s.Port, s.Username, ""))
	}
	for i, j := range pair(was, is) {
		kept := ""
		if j >= 0 {
			kept = stored.SMTP[j].Password
		}
		c.SMTP[i].Password = settle(c.SMTP[i].Password, gone.SMTP[i], kept)
	}
	was, is = nil, nil
	for _, s := range stored.IMAP {
		was = append(was, placeOf(s.Host, s.Port, s.Username, s.Mailbox))
	}
	for _, s := range c.IMAP {
		is = append(is, placeOf(s.Host, s.Port, s.Username, s.Mailbox))
	}
	for i, j := range pair(was, is) {
		kept := ""
		if j >= 0 {
			kept = stored.IMAP[j].Password
		}
		c.IMAP[i].Password = settle(c.IMAP[i].Password, gone.IMAP[i], kept)
	}
	c.keepOAuth(stored.OAuth, gone.OAuth, func(given, kept string) string { return settle(given, false, kept) })
}

// keepOAuth does the same for the connection to a provider: left out it stays, null removes it, and what is empty in
// one that is given is filled from the stored one.
func (c *EmailConfig) keepOAuth(stored *OAuth, removed bool, settle func(given, kept string) string) {
	if stored == nil {
		stored = &OAuth{}
	} else if c.OAuth == nil && !removed {
		o := *stored
		c.OAuth = &o
		return
	}
	if c.OAuth == nil {
		return
	}
	o := c.OAuth
	if keeps(o.AccessToken) && stored.AccessToken != "" { // when a token ends is not for those to say who do not know it
		o.ExpiresAt = stored.ExpiresAt
	}
	o.ClientSecret = settle(o.ClientSecret, stored.ClientSecret)
	o.AccessToken = settle(o.AccessToken, stored.AccessToken)
	o.RefreshToken = settle(o.RefreshToken, stored.RefreshToken)
	for _, f := range []struct{ given, kept *string }{
		{&o.Provider, &stored.Provider}, {&o.ClientID, &stored.ClientID}, {&o.TenantID, &stored.TenantID}, {&o.Account, &stored.Account},
	} {
		if *f.given == "" {
			*f.given = *f.kept
		}
	}
	if o.ExpiresAt.IsZero() {
		o.ExpiresAt = stored.ExpiresAt
	}
}
