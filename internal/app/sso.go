package app

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/desk/agent"
)

type ssoCmd struct {
	Passwords ssoPasswordsCmd `cmd:"" help:"Allow agents to sign in by password again, when single sign-on is the only way in and does not work."`
}

type ssoPasswordsCmd struct{}

// Run ends the mode in which identity providers are the only way in.
func (ssoPasswordsCmd) Run(ctx context.Context, c *commands) error {
	a, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	if err := a.AllowPasswords(ctx); err != nil {
		return err
	}
	fmt.Println("Agents may sign in by password.")
	return nil
}

// AllowPasswords lets agents sign in by password again, in the name of the System user.
func (a *App) AllowPasswords(ctx context.Context) error {
	system, err := a.Directory.ByID(ctx, 1)
	if err != nil {
		return fmt.Errorf("find the System user: %w", err)
	}
	return a.SSO.SetOnly(ctx, &agent.Principal{ID: system.ID, Email: system.Email, IsSystem: true, Method: agent.ByProgram}, false)
}
