package db_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestALookAtADatabaseChangesNothing(t *testing.T) {
	dbtest.URLs(t, func(t *testing.T, url string) {
		ctx := t.Context()
		desk, err := db.Open(ctx, url) // as the running desk has it
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = desk.Close() }()
		d, err := db.OpenReadOnly(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		write := func(on *db.DB) error {
			return on.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO settings (key, value) VALUES ('app.x', '1')`)
				return err
			})
		}
		if err := write(d); err == nil {
			t.Error("a look wrote")
		}
		if err := write(desk); err != nil {
			t.Errorf("the desk cannot write beside it: %v", err)
		}
		var n int
		if err := d.QueryRow(ctx, `SELECT count(*) FROM settings WHERE key = 'app.x'`).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
		v, err := d.Vitals(ctx)
		if err != nil || v.Version == "" || v.Size == 0 {
			t.Errorf("%+v %v", v, err)
		}
		if faults, err := d.QuickCheck(ctx); err != nil || len(faults) != 0 {
			t.Errorf("%v %v", faults, err)
		}
		if s, err := d.Schema(ctx); err != nil || len(s.Pending)+len(s.Unknown) != 0 {
			t.Errorf("%+v %v", s, err)
		}
		if err := desk.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE goose_db_version SET version_id = 99999 WHERE version_id = 1`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if s, err := d.Schema(ctx); err != nil || len(s.Pending) != 1 || s.Pending[0] != 1 || len(s.Unknown) != 1 || s.Unknown[0] != 99999 {
			t.Errorf("%+v %v", s, err)
		}
	})
}

func TestALookMakesNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	if d, err := db.OpenReadOnly(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v %v", d, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it made one")
	}
}

func TestDamageIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "foyer.db")
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(raw) / 2; i < len(raw)/2+40_000 && i < len(raw); i++ {
		raw[i] = 0xA5
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	look, err := db.OpenReadOnly(t.Context(), path)
	if err != nil {
		return // too damaged to open is found, too
	}
	defer func() { _ = look.Close() }()
	if faults, err := look.QuickCheck(t.Context()); err == nil && len(faults) == 0 {
		t.Error("no fault was found")
	}
}
