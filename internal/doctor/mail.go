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
		for i, s := range cfg.IMAP {
			list = append(list, check{fmt.Sprintf("inbox.%d.imap.%d", in.ID, i+1), in.Name + ": reading", func(ctx context.Context) Finding { return e.reading(ctx, in.ID, s) }})
		}
		for i, s := range cfg.SMTP {
			list = append(list, check{fmt.Sprintf("inbox.%d.smtp.%d", in.ID, i+1), in.Name + ": sending", func(ctx context.Context) Finding { return sending(ctx, s) }})
		}
	}
	return list
}

// reading connects to a mailbox, signs in and opens it, and looks when the desk last did.
func (e *examination) reading(ctx context.Context, inboxID int64, s inbox.IMAPServer) Finding {
	if f, ok := resolve(ctx, s.Host); !ok {
		return f
	}
	state, err := email.ProbeIMAP(ctx, s)
	if err != nil {
		return explained(email.ExplainIMAP(err, s))
	}
	how := "asked every " + email.ReadInterval(s).String()
	if state.Idle {
		how = "announces new mail"
	}
	f := good("%s on %s: %d mails, %s", s.Mailbox, s.Host, state.Messages, how)
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
func sending(ctx context.Context, s inbox.SMTPServer) Finding {
	if f, ok := resolve(ctx, s.Host); !ok {
		return f
	}
	if err := email.Probe(ctx, s); err != nil {
		return explained(email.ExplainSMTP(err, s))
	}
	if s.AuthProtocol == "" || s.AuthProtocol == "none" {
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
		f := sending(ctx, email.OwnServer(own))
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
