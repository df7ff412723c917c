package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

type userCmd struct {
	Add           userAddCmd       `cmd:"" help:"Make an agent; prints a link by which they set their password."`
	List          userListCmd      `cmd:"" help:"List agents."`
	ResetPassword resetPasswordCmd `cmd:"" help:"Set an agent's password, read from standard input."`
	ResetFactors  resetFactorsCmd  `cmd:"" help:"Take away the second factors of an agent who lost them, and end their sessions."`
	Disable       userDisableCmd   `cmd:"" help:"Keep an agent from signing in, end their sessions and stop their keys."`
}

// output is the choice of a form for programs.
type output struct {
	JSON bool `help:"Print JSON, for programs."`
}

// print writes v as JSON, or the text, on standard output.
func (o output) print(v any, text string) error {
	if !o.JSON {
		_, err := io.WriteString(os.Stdout, text)
		return err
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type userAddCmd struct {
	output
	Email     string   `arg:"" help:"The agent's address."`
	FirstName string   `required:"" help:"First name."`
	LastName  string   `help:"Last name."`
	Role      []string `default:"Agent" help:"Names of roles."`
	Team      []string `help:"Names of teams."`
}

// Run makes the agent and the link.
func (u userAddCmd) Run(ctx context.Context, c *commands) error {
	return withSystem(ctx, c, func(a *App, by *agent.Principal) error {
		made, err := a.Agents.Create(ctx, by, agent.Edit{FirstName: u.FirstName, LastName: u.LastName, Email: u.Email, Roles: u.Role, Teams: u.Team})
		if err != nil {
			return err
		}
		token, err := a.Agents.NewLink(ctx, made.ID)
		if err != nil {
			return err
		}
		link := a.Settings.General(ctx).RootURL + "/set-password?token=" + token
		return u.print(struct {
			*agent.Agent
			PasswordLink string `json:"password_link"`
		}{made, link}, fmt.Sprintf("Made agent %d. They set their password here (valid for 24 hours, once):\n\n  %s\n", made.ID, link))
	})
}

type userListCmd struct{ output }

// Run lists the agents.
func (u userListCmd) Run(ctx context.Context, c *commands) error {
	return withSystem(ctx, c, func(a *App, _ *agent.Principal) error {
		agents, err := a.Agents.List(ctx)
		if err != nil {
			return err
		}
		var text strings.Builder
		for _, who := range agents {
			fmt.Fprintf(&text, "%d\t%s %s\t%s\tenabled=%v\n", who.ID, who.FirstName, who.LastName, *who.Email, who.Enabled)
		}
		return u.print(agents, text.String())
	})
}

type resetPasswordCmd struct {
	output
	Email string `arg:"" help:"The agent's address, or System."`
}

// Run sets the password given on standard input.
func (r resetPasswordCmd) Run(ctx context.Context, c *commands) error {
	return withAgent(ctx, c, r.Email, func(a *App, _ *agent.Principal, id int64) error {
		fmt.Fprint(os.Stderr, "New password: ")
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the password: %w", err)
		}
		if err := a.Agents.SetPassword(ctx, login(r.Email), strings.TrimRight(line, "\r\n")); err != nil {
			return err
		}
		return r.print(map[string]any{"id": id, "password_set": true}, "The password is set; every session of the agent has ended.\n")
	})
}

type resetFactorsCmd struct {
	output
	Email string `arg:"" help:"The agent's address, or System."`
}

// Run takes away the authenticator app, the passkeys and the recovery codes.
func (r resetFactorsCmd) Run(ctx context.Context, c *commands) error {
	return withAgent(ctx, c, r.Email, func(a *App, by *agent.Principal, id int64) error {
		had, err := a.Factors.Status(ctx, id)
		if err != nil {
			return err
		}
		if err := a.Factors.Reset(ctx, by, id); err != nil {
			return err
		}
		text := "The agent's second factors are gone; the password signs in, and every session has ended.\n"
		if !had.Enabled {
			text = "The agent had no second factor. Every session has ended.\n"
		}
		if had.Required {
			text += "A role of theirs requires a second factor: they set one up at the next sign-in.\n"
		}
		return r.print(map[string]any{"id": id, "had_factors": had.Enabled, "required": had.Required}, text)
	})
}

type userDisableCmd struct {
	output
	Email string `arg:"" help:"The agent's address."`
}

// Run disables the agent.
func (u userDisableCmd) Run(ctx context.Context, c *commands) error {
	return withAgent(ctx, c, u.Email, func(a *App, by *agent.Principal, id int64) error {
		was, err := a.Agents.Get(ctx, id)
		if err != nil {
			return err
		}
		e := agent.Edit{FirstName: was.FirstName, LastName: was.LastName, Email: *was.Email, Roles: append([]string{}, was.Roles...), Availability: was.AvailabilityStatus}
		for _, t := range was.Teams {
			e.Teams = append(e.Teams, t.Name)
		}
		is, err := a.Agents.Update(ctx, by, id, e)
		if err != nil {
			return err
		}
		return u.print(is, "The agent is disabled; their sessions have ended and their keys no longer work.\n")
	})
}

type apikeyCmd struct {
	Create apikeyCreateCmd `cmd:"" help:"Give an agent an API key."`
	List   apikeyListCmd   `cmd:"" help:"List an agent's API keys."`
	Revoke apikeyRevokeCmd `cmd:"" help:"Revoke an API key of an agent."`
}

type apikeyCreateCmd struct {
	output
	Email      string        `arg:"" help:"The agent's address, or System."`
	Name       string        `help:"What the key is for. Without a name it is the agent's primary key, in place of the one they have."`
	ExpiresIn  time.Duration `help:"After how long the key ends, such as 720h." placeholder:"DURATION"`
	Permission []string      `help:"What the key is limited to; everything that the agent may do if not given."`
}

// Run prints the key and the secret.
func (k apikeyCreateCmd) Run(ctx context.Context, c *commands) error {
	return withAgent(ctx, c, k.Email, func(a *App, by *agent.Principal, id int64) error {
		if k.Name == "" {
			if k.ExpiresIn != 0 || len(k.Permission) > 0 {
				return errors.New("a key that ends or is limited needs a --name")
			}
			key, err := a.Agents.NewKey(ctx, by, id)
			if err != nil {
				return err
			}
			return k.print(key, key.Key+":"+key.Secret+"\n")
		}
		e := agent.KeyEdit{Name: k.Name, Permissions: k.Permission}
		if k.ExpiresIn != 0 {
			ends := time.Now().Add(k.ExpiresIn)
			e.ExpiresAt = &ends
		}
		key, err := a.Agents.AddKey(ctx, by, id, e)
		if err != nil {
			return err
		}
		return k.print(key, key.Key.Key+":"+key.Secret+"\n")
	})
}

type apikeyListCmd struct {
	output
	Email string `arg:"" help:"The agent's address, or System."`
}

// Run lists the keys, without their secrets.
func (k apikeyListCmd) Run(ctx context.Context, c *commands) error {
	return withAgent(ctx, c, k.Email, func(a *App, _ *agent.Principal, id int64) error {
		keys, err := a.Agents.Keys(ctx, id)
		if err != nil {
			return err
		}
		var text strings.Builder
		for _, key := range keys {
			name := key.Name
			if key.Primary {
				name = "(primary)"
			}
			fmt.Fprintf(&text, "%d\t%s\t%s\texpires=%s\tlast used=%s\n", key.ID, key.Key, name, moment(key.ExpiresAt), moment(key.LastUsedAt))
		}
		return k.print(keys, text.String())
	})
}

func moment(t *db.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

type apikeyRevokeCmd struct {
	output
	Email string `arg:"" help:"The agent's address, or System."`
	ID    int64  `help:"The key's id, as apikey list shows it; the primary key if not given." placeholder:"ID"`
}

// Run revokes the key.
func (k apikeyRevokeCmd) Run(ctx context.Context, c *commands) error {
	return withAgent(ctx, c, k.Email, func(a *App, by *agent.Principal, id int64) error {
		revoke := func() error { return a.Agents.RevokeKey(ctx, by, id) }
		if k.ID != 0 {
			revoke = func() error { return a.Agents.DropKey(ctx, by, id, k.ID) }
		}
		if err := revoke(); err != nil {
			return err
		}
		return k.print(map[string]any{"revoked": true}, "The key is revoked.\n")
	})
}

// withSystem opens the desk for a command that acts as the System user.
func withSystem(ctx context.Context, c *commands, fn func(a *App, by *agent.Principal) error) error {
	a, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	var system int64
	if err := a.DB.QueryRow(ctx, `SELECT id FROM users WHERE is_system ORDER BY id LIMIT 1`).Scan(&system); err != nil {
		return fmt.Errorf("find the System user: %w", err)
	}
	known, err := a.Directory.ByID(ctx, system)
	if err != nil {
		return err
	}
	by := *known
	by.Method = agent.ByProgram
	return a.said(ctx, fn(a, &by))
}

// said puts an error of the desk's rules into a sentence of the catalogue.
func (a *App) said(ctx context.Context, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	return errors.New(a.API.Translate("", f.Key, f.Params))
}

// login is how an agent signs in: System, or an address in lower case.
func login(email string) string {
	if strings.EqualFold(email, agent.SystemLogin) {
		return agent.SystemLogin
	}
	return strings.ToLower(strings.TrimSpace(email))
}

// withAgent is withSystem for a command about one agent.
func withAgent(ctx context.Context, c *commands, email string, fn func(a *App, by *agent.Principal, id int64) error) error {
	return withSystem(ctx, c, func(a *App, by *agent.Principal) error {
		var id int64
		err := a.DB.QueryRow(ctx, `SELECT id FROM users WHERE email = $1 AND type = 'agent' AND deleted_at IS NULL`, login(email)).Scan(&id)
		if errors.Is(err, db.ErrNoRows) {
			return fmt.Errorf("there is no agent %s", email)
		}
		if err != nil {
			return fmt.Errorf("find agent: %w", err)
		}
		return fn(a, by, id)
	})
}
