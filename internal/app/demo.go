package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/demo"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/team"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// The demo's sign-ins and mailbox.
const (
	demoPassword = "Demo-Desk-2026"
	demoMailbox  = "support@localhost"
	demoSecret   = "sandbox"
)

type demoCmd struct {
	Sandbox       string `help:"Where the page to play the customer is served." default:"127.0.0.1:9001"`
	IMAP          string `help:"Where the sandbox's IMAP server listens." default:"127.0.0.1:0"`
	SMTP          string `help:"Where the sandbox's SMTP server listens." default:"127.0.0.1:2525"`
	Conversations int    `help:"How many conversations the desk begins with." default:"260"`
}

// Run serves a demo desk until a signal comes. Its data lie in demo-data below the working folder and are made anew
// each time, so that every demo begins alike; FOYER_DATA_DIR and FOYER_DATABASE_URL are honoured.
func (o demoCmd) Run(ctx context.Context, c *commands) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if cfg.DataDir == config.Defaults().DataDir {
		cfg.DataDir, cfg.DatabaseURL = "demo-data", "demo-data/foyer.db"
		if err := os.RemoveAll("demo-data"); err != nil {
			return fmt.Errorf("begin the demo anew: %w", err)
		}
	}
	cfg.SystemUserPassword = demoPassword
	cfg.AuthPerMinute = 300
	if len(cfg.OutboundAllow) == 0 {
		cfg.OutboundAllow = []string{"127.0.0.0/8", "::1"} // an identity provider to try lives on this machine
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	mail, err := startSandbox(o)
	if err != nil {
		return err
	}
	defer func() { _ = mail.Close() }()
	a, err := Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	if err := a.fillDemo(ctx, mail, o.Conversations); err != nil {
		return errors.Join(fmt.Errorf("fill the demo: %w", err), a.Close())
	}
	if err := a.Serve(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(err, a.Close())
	}
	page, err := serveSandbox(o.Sandbox, mail, a.URL())
	if err != nil {
		return err
	}
	fmt.Printf(demoBanner, a.URL(), demoPassword, page, mail.SMTPAddr, demoMailbox)
	return a.untilSignal(ctx, log)
}

const demoBanner = `
  Foyer demo

  The desk          %[1]s
  Sign in as        maya@demo.example (agent)  or  System (administrator)
  Password          %[2]s

  Mail sandbox      %[3]s
                    Be the customer there: write a mail, watch it arrive on the desk, answer it,
                    and read the answer. SMTP for your own mail program: %[4]s, to %[5]s

  Press Ctrl+C to stop. The demo forgets everything when it starts again.

`

func startSandbox(o demoCmd) (*sandbox.Servers, error) {
	s, err := sandbox.Start(demoMailbox, demoSecret, o.IMAP, o.SMTP)
	if err != nil {
		return sandbox.Start(demoMailbox, demoSecret, "127.0.0.1:0", "127.0.0.1:0") // the ports are taken
	}
	return s, nil
}

func serveSandbox(address string, mail *sandbox.Servers, desk string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", fmt.Errorf("listen for the sandbox's page: %w", err)
		}
	}
	srv := &http.Server{Handler: mail.Handler(desk), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

// fillDemo makes the team and its history on an empty desk.
func (a *App) fillDemo(ctx context.Context, mail *sandbox.Servers, conversations int) error {
	system, err := a.Directory.ByID(ctx, 1)
	if err != nil {
		return err
	}
	if agents, err := a.Agents.List(ctx); err != nil || len(agents) > 0 {
		if err == nil {
			_, err = a.Inboxes.Update(ctx, 1, demoInbox(mail)) // filled by an earlier run, whose servers were elsewhere
		}
		return err
	}
	f := demo.FillOptions{Conversations: conversations, AgentNames: map[int64]string{}, Teams: map[string]int64{}, InboxAddress: demoMailbox}
	for _, t := range [][2]string{{"Shipping", "📦"}, {"Billing", "💳"}, {"Returns", "↩️"}, {"Care", "💬"}} {
		made, err := a.Teams.Create(ctx, team.Edit{Name: t[0], Emoji: &t[1], ConversationAssignmentType: team.Manual, Timezone: "Europe/Oslo"})
		if err != nil {
			return err
		}
		f.Teams[t[0]] = made.ID
	}
	for _, who := range []struct {
		first, last, role string
		teams             []string
	}{
		{"Maya", "Lindholm", role.Agent, []string{"Care", "Returns"}}, {"Leo", "Fischer", role.Agent, []string{"Shipping", "Billing"}},
		{"Ada", "Moreau", role.Admin, []string{"Care"}}, {"Noah", "Kim", role.Agent, []string{"Shipping"}}, {"Zainab", "Osei", role.Agent, []string{"Billing", "Returns"}},
	} {
		made, err := a.Agents.Create(ctx, system, agent.Edit{FirstName: who.first, LastName: who.last, Email: demo.AddressOf(who.first),
			Roles: []string{who.role}, Teams: who.teams, NewPassword: demoPassword})
		if err != nil {
			return err
		}
		f.Agents = append(f.Agents, made.ID)
		f.AgentNames[made.ID] = who.first
	}
	in, err := a.Inboxes.Create(ctx, demoInbox(mail))
	if err != nil {
		return err
	}
	f.InboxID = in.ID
	f.Attach = demo.Attacher(a.blobs, a.Media.Add)
	if err := demo.Fill(ctx, a.DB, f); err != nil {
		return err
	}
	for _, o := range demo.Organizations {
		if _, err := a.API.Organizations.Create(ctx, system, o); err != nil {
			return err
		}
	}
	return nil
}

// demoInbox is the sandbox's mailbox as an inbox.
func demoInbox(mail *sandbox.Servers) inbox.Input {
	port := func(addr string) (string, int) {
		host, p, _ := net.SplitHostPort(addr)
		n, _ := strconv.Atoi(p)
		return host, n
	}
	cfg := inbox.EmailConfig{AuthType: inbox.AuthPassword, EnablePlusAddressing: true}
	host, n := port(mail.IMAPAddr)
	cfg.IMAP = []inbox.IMAPServer{{Host: host, Port: n, Username: mail.User, Password: mail.Password, Mailbox: "INBOX", TLSType: inbox.TLSNone,
		ReadInterval: "1m", ScanInboxSince: "48h"}}
	host, n = port(mail.SMTPAddr)
	cfg.SMTP = []inbox.SMTPServer{{Host: host, Port: n, Username: mail.User, Password: mail.Password, AuthProtocol: "plain", TLSType: inbox.TLSNone,
		MaxConns: 5, MaxMsgRetries: 3, IdleTimeout: "25s", PoolWaitTimeout: "20s"}}
	return inbox.Input{Name: "Support", Channel: inbox.Email, Enabled: true, From: "Nordlys Support <" + demoMailbox + ">",
		FromNameTemplate: "{{ .Agent.FirstName }} at Nordlys", Config: db.ToJSON(cfg)}
}
