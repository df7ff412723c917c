package app_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// visit runs a desk for as long as fn takes, so that a command has the data folder to itself afterwards.
func visit(t *testing.T, cfg config.Config, fn func(d *desk)) {
	t.Helper()
	a, err := app.Start(context.Background(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	fn(&desk{t: t, app: a})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestLostSecondFactorsAreResetByTheCommandLine(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		cfg := deskConfig(t, url)
		t.Setenv("FOYER_DATA_DIR", cfg.DataDir)
		t.Setenv("FOYER_DATABASE_URL", url)
		t.Setenv("FOYER_SYSTEM_USER_PASSWORD", systemPassword)
		visit(t, cfg, func(d *desk) {
			c := signIn(t, d.app.URL(), "System", systemPassword)
			var app struct{ Secret string }
			c.ok(http.MethodPost, "/api/v1/agents/me/two-factor/totp", map[string]any{}, &app)
			code, err := totp.GenerateCode(app.Secret, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			c.ok(http.MethodPost, "/api/v1/agents/me/two-factor/totp/confirm", map[string]any{"code": code}, nil)
		})
		type reset struct {
			ID         int64
			HadFactors bool `json:"had_factors"`
			Required   bool
		}
		if r := answerTo[reset](t, "user", "reset-factors", "system"); r.ID != 1 || !r.HadFactors || r.Required {
			t.Errorf("%+v", r)
		}
		if r := answerTo[reset](t, "user", "reset-factors", "System"); r.HadFactors {
			t.Errorf("factors are still there: %+v", r)
		}
		if code, _ := command(t, "", "user", "reset-factors", "nobody@example.com"); code != 1 {
			t.Errorf("an unknown agent ends with %d", code)
		}
		visit(t, cfg, func(d *desk) {
			if n := d.count(`SELECT count(*) FROM sessions`); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
			d.admin = signIn(t, d.app.URL(), "System", systemPassword)
			d.admin.ok(http.MethodGet, "/api/v1/agents/me", nil, nil)
			log := d.activity("agent_two_factor_disabled")
			if len(log.Results) != 2 || log.Results[0].Via != "program" || log.Results[0].TargetID != 1 {
				t.Errorf("activity log: %+v", log.Results)
			}
		})
	})
}
