package setting_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

func TestSettingsAreKeptAndReadBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := setting.New(d, "https://desk.test", []string{"en-US"})
		if g := s.General(t.Context()); g.RootURL != "https://desk.test" || g.Lang != "en-US" || g.MaxFileUploadSize != 20 {
			t.Errorf("defaults: %+v", g)
		}
		want := setting.Defaults(" https://desk.example.com// ")
		want.SiteName, want.Timezone = " Acme ", "Europe/Oslo"
		if err := s.SetGeneral(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		for _, reader := range []*setting.Service{s, setting.New(d, "https://other.test", []string{"en-US"})} {
			if g := reader.General(t.Context()); g.RootURL != "https://desk.example.com" || g.SiteName != "Acme" || g.Location().String() != "Europe/Oslo" {
				t.Errorf("%+v", g)
			}
		}
		want.Lang = "xx-YY"
		if err := s.SetGeneral(t.Context(), want); !fault.Is(err, fault.Invalid) {
			t.Errorf("an unknown language: %v", err)
		}
	})
}

func TestStoredNonsenseDoesNotKeepTheDeskFromStarting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO settings (key, value) VALUES ('app.lang', '"xx-YY"'), ('app.timezone', '"Bogus/Zone"'), ('app.max_file_upload_size', '"many"')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		g := setting.New(d, "https://desk.test", []string{"en-US"}).General(t.Context())
		if g.Lang != "en-US" || g.Location().String() != "UTC" || g.MaxFileUploadSize != 20 {
			t.Errorf("%+v", g)
		}
	})
}

func TestSettingsADeskCouldNotWorkWithAreRefusedByField(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := setting.New(d, "https://desk.test", []string{"en-US"})
		for name, c := range map[string]struct {
			field  string
			change func(*setting.General)
		}{
			"no name":            {"app.site_name", func(g *setting.General) { g.SiteName = " " }},
			"line in name":       {"app.site_name", func(g *setting.General) { g.SiteName = "a\nb" }},
			"root without host":  {"app.root_url", func(g *setting.General) { g.RootURL = "https://" }},
			"root with password": {"app.root_url", func(g *setting.General) { g.RootURL = "https://a:b@desk.test" }},
			"root with query":    {"app.root_url", func(g *setting.General) { g.RootURL = "https://desk.test/?a=b" }},
			"logo that runs":     {"app.logo_url", func(g *setting.General) { g.LogoURL = "javascript:alert(1)" }},
			"logo elsewhere":     {"app.logo_url", func(g *setting.General) { g.LogoURL = "//elsewhere.test/x" }},
			"icon elsewhere":     {"app.favicon_url", func(g *setting.General) { g.FaviconURL = `/\elsewhere.test/x` }},
			"no schedule":        {"app.business_hours_id", func(g *setting.General) { g.BusinessHoursID = "7" }},
			"not a schedule":     {"app.business_hours_id", func(g *setting.General) { g.BusinessHoursID = "nine to five" }},
			"nothing to upload":  {"app.max_file_upload_size", func(g *setting.General) { g.MaxFileUploadSize = 0 }},
			"endless upload":     {"app.max_file_upload_size", func(g *setting.General) { g.MaxFileUploadSize = 501 }},
			"empty ending":       {"app.allowed_file_upload_extensions", func(g *setting.General) { g.AllowedUploadExtensions = []string{"pdf", "."} }},
			"path as ending":     {"app.allowed_file_upload_extensions", func(g *setting.General) { g.AllowedUploadExtensions = []string{"../x"} }},
			"many endings":       {"app.allowed_file_upload_extensions", func(g *setting.General) { g.AllowedUploadExtensions = make([]string, 201) }},
			"time zone":          {"app.timezone", func(g *setting.General) { g.Timezone = "Bogus/Zone" }},
		} {
			g := setting.Defaults("https://desk.test")
			c.change(&g)
			var refused *fault.Error
			if err := s.SetGeneral(t.Context(), g); !errors.As(err, &refused) || refused.Kind != fault.Invalid || refused.Field != c.field {
				t.Errorf("%s: %v", name, err)
			}
		}
		g := setting.Defaults("https://desk.test")
		g.AllowedUploadExtensions = []string{".PDF", "*.pdf", " docx "}
		if err := s.SetGeneral(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if got := s.General(t.Context()).AllowedUploadExtensions; !slices.Equal(got, []string{"pdf", "docx"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestAPictureIsSetWithoutTouchingOtherSettings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := setting.New(d, "https://desk.test", []string{"en-US"})
		want := setting.Defaults("https://desk.test")
		want.SiteName = "Acme"
		if err := s.SetGeneral(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if err := s.SetPicture(t.Context(), setting.Logo, "/branding/a.png"); err != nil {
			t.Fatal(err)
		}
		if got := s.General(t.Context()); got.LogoURL != "/branding/a.png" || got.SiteName != "Acme" || got.FaviconURL != setting.DefaultPicture {
			t.Errorf("%+v", got)
		}
		if err := s.SetPicture(t.Context(), "banner", "/branding/a.png"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown picture: %v", err)
		}
	})
}
