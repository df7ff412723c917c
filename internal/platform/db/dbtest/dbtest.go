// Package dbtest runs a test on both engines, each time on a database of its own with the present schema.
//
// SQLite needs nothing. PostgreSQL is a real server named by FOYER_TEST_POSTGRES_URL, whose user may create
// databases; "make test" starts one. Where the variable is not set only SQLite is tested.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// Each runs fn once for each engine, as subtests named after it.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	if os.Getenv(postgresVar) != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
	}
}

// URLs runs fn once for each engine with the URL of an empty, migrated database, for tests that start processes.
func URLs(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLiteURL(t)) })
	if os.Getenv(postgresVar) != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, PostgresURL(t)) })
	}
}

const postgresVar = "FOYER_TEST_POSTGRES_URL"

// SQLite opens a fresh SQLite database, closed with the test, on which every transaction runs twice, see [db.DB.Rehearse].
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, SQLiteURL(t))
}

// Postgres opens a fresh PostgreSQL database, dropped with the test.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t))
}

func open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), url)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = d.Close() })
	d.Rehearse(true)
	return d
}

// template is a migrated SQLite database, the files of it by their names, made once in a process and copied for each test.
var template = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "foyer-template")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := migrate(filepath.Join(dir, "foyer.db")); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"foyer.db", "foyer.index.db"} {
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil { //nolint:gosec // a path made here
			return nil, err
		}
	}
	return files, nil
})

func migrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url)
	if err != nil {
		return err
	}
	if _, err = d.Migrate(ctx); err == nil {
		err = jobs.Migrate(ctx, d)
	}
	return errors.Join(err, d.Close())
}

// SQLiteURL makes a fresh SQLite database and returns its URL.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	files, err := template()
	if err != nil {
		t.Fatalf("make template: %v", err)
	}
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "foyer.db")
}

// pgTemplate names a migrated PostgreSQL database, made once in a process.
var pgTemplate = sync.OnceValues(func() (string, error) {
	name := "foyer_template_" + uuid.NewString()[:8]
	if err := admin("CREATE DATABASE " + name); err != nil {
		return "", err
	}
	return name, migrate(withDatabase(name))
})

// PostgresURL makes a fresh PostgreSQL database and returns its URL; it is dropped with the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	from, err := pgTemplate()
	if err != nil {
		t.Fatalf("make template: %v", err)
	}
	name := "foyer_test_" + uuid.NewString()[:8]
	if err := admin(fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, from)); err != nil {
		t.Fatalf("make database: %v", err)
	}
	t.Cleanup(func() { _ = admin("DROP DATABASE " + name + " WITH (FORCE)") })
	return withDatabase(name)
}

func withDatabase(name string) string {
	u, err := url.Parse(os.Getenv(postgresVar))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", postgresVar, err))
	}
	u.Path = "/" + name
	return u.String()
}

// adminMu keeps CREATE DATABASE … TEMPLATE calls of one process apart; the server refuses a template in use.
var adminMu sync.Mutex

func admin(statement string) error {
	adminMu.Lock()
	defer adminMu.Unlock()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv(postgresVar))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}
