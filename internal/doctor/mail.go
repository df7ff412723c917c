package doctor

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// emailInboxes returns the e-mail inboxes, by name.
func (e *examination) emailInboxes(ctx context.Context, enabledOnly bool) (out []inbox.Inbox, err error) {
	all, err := e.inboxes().List(ctx, &agent.Principal{Permissions: role.SetOf(role.InboxesManage)})
	if err != nil {
		return nil, err
	}
	for _, in := range all {
		if in.Channel == inbox.Email && (in.Enabled || !enabledOnly) {
			out = append(out, in)
		}
	}
	return out, nil
}

// mail returns a check for every server of every enabled inbox.
func (e *examination) mail(ctx context.Context) (list []check) {
	broken := func(name, title string, err error) check {
		return check{name, title, func(context.Context) Finding {
			return fail("See the database and the encryption key above.", "%s", oneLine(err.Error()))
		}}
	}
	boxes, err := e.emailInboxes(ctx, true)
	if err != nil {
		return []check{broken("inboxes", "Inboxes", err)}
	}
	if len(boxes) == 0 {
		return []check{{"inboxes", "Inboxes", func(context.Context) Finding {
			return warn("Connect a mailbox in Settings → Inboxes, or enable one.", "no inbox is enabled")
		}}}
	}
	for _, in := range boxes {
		_, cfg, err := e.inboxes().Decrypted(ctx, in.ID)
		if err != nil {
			list = append(list, broken(fmt.Sprintf("inbox.%d", in.ID), "Inbox "+in.Name, err))
			continue
		}
		email.NameAccount(&cfg)
		tokens, renews := storedToken(cfg)
		for i, s := range cfg.IMAP {
			list = append(list, check{fmt.Sprintf("inbox.%d.imap.%d", in.ID, i+1), in.Name + ": reading", func(ctx context.Context) Finding {
				if renews {
					return e.renewing(ctx, in.ID, s, cfg.OAuth.Account)
				}
				return e.reading(ctx, in.ID, s, tokens)
			}})
		}
		for i, s := range cfg.SMTP {
			list = append(list, check{fmt.Sprintf("inbox.%d.smtp.%d", in.ID, i+1), in.Name + ": sending", func(ctx context.Context) Finding {
				if renews {
					return good("%s: %s", s.Host, notTried)
				}
				return sending(ctx, s, tokens)
			}})
		}
	}
	return list
}

// reading connects to a mailbox, signs in and opens it, and looks when the desk last did.
func (e *examination) reading(ctx context.Context, inboxID int64, s inbox.IMAPServer, tokens email.Tokens) Finding {
	if f, ok := resolve(ctx, s.Host); !ok {
		return f
	}
	state, err := email.ProbeIMAP(ctx, s, tokens)
	if err != nil {
		return explained(email.ExplainIMAP(err, s))
	}
	how := "asked every " + email.ReadInterval(s).String()
	if state.Idle {
		how = "announces new mail"
	}
	return e.withContact(ctx, good("%s on %s: %d mails, %s", s.Mailbox, s.Host, state.Messages, how), inboxID, s)
}

// notTried is why a server is not connected to that is signed in to with an access token which has ended: only the desk
// renews tokens, because a provider may end the connection when two do.
const notTried = "not tried, because the desk renews the access token of its provider when it signs in next"

// renewing looks when the desk last read a mailbox whose access token has ended since.
func (e *examination) renewing(ctx context.Context, inboxID int64, s inbox.IMAPServer, account string) Finding {
	return e.withContact(ctx, good("%s on %s as %s: %s", s.Mailbox, s.Host, account, notTried), inboxID, s)
}

// storedToken returns how servers are signed in to with the token that is stored, which is never renewed here; renews
// reports whether it has ended. Both are empty for an inbox with passwords.
func storedToken(cfg inbox.EmailConfig) (tokens email.Tokens, renews bool) {
	if cfg.AuthType != inbox.AuthOAuth2 || cfg.OAuth == nil {
		return nil, false
	}
	token := cfg.OAuth.AccessToken
	return func(context.Context, string) (string, error) { return token, nil }, token == "" || time.Now().After(cfg.OAuth.ExpiresAt)
}

// withContact adds to what was found of a mailbox when the desk last read it.
func (e *examination) withContact(ctx context.Context, f Finding, inboxID int64, s inbox.IMAPServer) Finding {
	last, err := email.LastContact(ctx, e.db, inboxID, s)
	if err != nil {
		return fail("See the database above.", "%s", oneLine(err.Error()))
	}
	return e.lately(f, last, max(e.Config.MailAlarmAfter, 2*email.ReadInterval(s)))
}

// lately adds to a mailbox that can be read when the desk last read it, and alarms when that is too long ago.
func (e *examination) lately(f Finding, last email.Contact, limit time.Duration) Finding {
	if last.At == nil {
		f.Found += "; the desk has not read it yet"
		if e.running {
			f.Status, f.Advice = Warning, "If the inbox is not just a moment old, look into the desk's log for “mailbox cannot be read”."
		}
		return f
	}
	since := time.Since(last.At.Time)
	f.Found += fmt.Sprintf("; the desk read it last %s ago", age(since))
	if since <= limit {
		return f
	}
	f.Status, f.Advice = Warning, "Mail waits in the mailbox until the desk runs."
	if e.running {
		f.Status, f.Advice = Failed, "The mailbox can be read, and the running desk does not read it. Look into its log for “could not start inbox” and “mailbox cannot be read”, and restart it."
		if last.Error != "" {
			f.Found += "; its last error: " + oneLine(last.Error)
		}
	}
	return f
}

// sending connects to a server as a reply would, and signs in.
func sending(ctx context.Context, s inbox.SMTPServer, tokens email.Tokens) Finding {
	if f, ok := resolve(ctx, s.Host); !ok {
		return f
	}
	if err := email.Probe(ctx, s, tokens); err != nil {
		return explained(email.ExplainSMTP(err, s))
	}
	if tokens == nil && (s.AuthProtocol == "" || s.AuthProtocol == "none") {
		return good("%s takes mail without signing in", s.Host)
	}
	return good("%s lets the desk sign in", s.Host)
}

// resolve reports whether a name has an address.
func resolve(ctx context.Context, host string) (Finding, bool) {
	if net.ParseIP(host) != nil {
		return Finding{}, true
	}
	if _, err := net.DefaultResolver.LookupHost(ctx, host); err != nil {
		return fail("Check the name of the server, and this machine's DNS.", "%s", oneLine(err.Error())), false
	}
	return Finding{}, true
}

// explained says what is wrong with a mail server in the words of the connection test.
func explained(p email.Problem) Finding {
	f := fail(i18n.T(i18n.Default, p.Key, p.Params), "%s", p.Detail)
	return f
}

// ownMail tries the server of the desk's own mail: invitations and links to set a password.
func (e *examination) ownMail(ctx context.Context) Finding {
	own, err := setting.NewEmail(e.db, e.box).Opened(ctx)
	if err != nil {
		return fail("See the database above.", "%s", oneLine(err.Error()))
	}
	if own.Enabled {
		f := sending(ctx, email.OwnServer(own), nil)
		f.Found = "by its own server: " + f.Found
		return f
	}
	boxes, err := e.emailInboxes(ctx, true)
	if err != nil {
		return fail("See the database above.", "%s", oneLine(err.Error()))
	}
	if len(boxes) == 0 {
		return warn("Give the desk a server in Settings → Notifications, or connect an inbox. Until then links to set a password are written into its log.", "the desk cannot send invitations and links to set a password")
	}
	return good("leaves by an inbox")
}
