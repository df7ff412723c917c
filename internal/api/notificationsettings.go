package api

import (
	"context"
	"html"
	"net/http"
	"net/mail"

	"github.com/foyerdesk/foyer/internal/channel/email"
	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// emailBody replaces the settings of the desk's own mail.
type emailBody struct {
	Username      string `json:"notification.email.username,omitempty"`
	Host          string `json:"notification.email.host,omitempty"`
	Port          int    `json:"notification.email.port,omitempty"`
	Password      string `json:"notification.email.password,omitempty" doc:"Empty or only dots keeps the stored one"`
	MaxConns      int    `json:"notification.email.max_conns,omitempty"`
	IdleTimeout   string `json:"notification.email.idle_timeout,omitempty" doc:"Such as 25s"`
	WaitTimeout   string `json:"notification.email.wait_timeout,omitempty" doc:"Such as 60s"`
	AuthProtocol  string `json:"notification.email.auth_protocol,omitempty" doc:"plain, login, cram, none or empty"`
	TLSType       string `json:"notification.email.tls_type,omitempty" doc:"none, starttls or tls"`
	TLSSkipVerify bool   `json:"notification.email.tls_skip_verify,omitempty"`
	HelloHostname string `json:"notification.email.hello_hostname,omitempty"`
	EmailAddress  string `json:"notification.email.email_address,omitempty" doc:"The sender, such as Acme Help <desk@acme.test>"`
	MaxMsgRetries int    `json:"notification.email.max_msg_retries,omitempty"`
	Enabled       bool   `json:"notification.email.enabled,omitempty"`
}

type emailTestInput struct {
	Body struct {
		emailBody
		To string `json:"to,omitempty" doc:"Where the test mail goes; the caller's address unless given"`
	}
}

// NotificationSettings registers the routes of the settings of the desk's own mail.
func NotificationSettings(a *API) {
	manage := need(role.NotificationSettingsManage)
	const path = "/settings/notifications/email"
	route(a, http.MethodGet, path, "How the desk sends its own mail, the password masked", manage,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) (setting.Email, error) {
			return a.EmailSettings.Get(ctx)
		})
	route(a, http.MethodPut, path, "Replace how the desk sends its own mail", manage,
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body emailBody }) (done, error) {
			err := a.EmailSettings.Set(ctx, setting.Email(in.Body))
			return err == nil, err
		})
	route(a, http.MethodPost, path+"/test", "Send a test mail by these settings, without saving them; by the stored ones when none are given", manage, a.testEmail)
}

func (a *API) testEmail(ctx context.Context, p *agent.Principal, in *emailTestInput) (connectionTest, error) {
	given := setting.Email(in.Body.emailBody)
	if given == (setting.Email{}) {
		var err error
		if given, err = a.EmailSettings.Get(ctx); err != nil {
			return connectionTest{}, err
		}
	}
	e, err := a.EmailSettings.Draft(ctx, given)
	if err != nil {
		return connectionTest{}, err
	}
	to, err := testRecipient(in.Body.To, p, e)
	if err != nil {
		return connectionTest{}, err
	}
	if err := a.EmailSettings.Tested(ctx, to); err != nil {
		return connectionTest{}, err
	}
	g := a.Settings.General(ctx)
	say := func(part string) string { return a.say(ctx, "mail.test."+part, map[string]string{"site": g.SiteName}) }
	m := email.TestMail{From: e.EmailAddress, To: to, Subject: say("subject"), HTML: a.testText(ctx, p, say("text"))}
	return a.testSMTP(ctx, email.OwnServer(e), nil, &m), nil
}

// testText puts what a test mail says into the frame of the desk's own mails.
func (a *API) testText(ctx context.Context, p *agent.Principal, text string) string {
	return a.Templates.Renderer(ctx, p.Language).Letter("<p>" + html.EscapeString(text) + "</p>")
}

// testRecipient returns the address that was asked for, else the caller's, else, for those who have none, the sender's.
func testRecipient(asked string, p *agent.Principal, e setting.Email) (string, error) {
	to := asked
	if to == "" {
		to = p.Email
	}
	if a, err := mail.ParseAddress(to); err == nil {
		return a.Address, nil
	}
	if asked != "" {
		return "", fault.Field("to", "error.address_invalid", "value", asked)
	}
	a, err := mail.ParseAddress(e.EmailAddress)
	if err != nil {
		return "", fault.Field("notification.email.email_address", "error.address_invalid", "value", e.EmailAddress)
	}
	return a.Address, nil
}
