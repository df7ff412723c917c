package setting_test

import (
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
