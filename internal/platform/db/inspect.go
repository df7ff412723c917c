package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// ErrReadOnly is returned for a change through a handle that [OpenReadOnly] made.
var ErrReadOnly = errors.New("the database was opened for reading only")

// OpenReadOnly opens a database that exists, to look at it while a desk may be using it: no file is made, nothing is
// migrated, and every change fails. The error of a SQLite file that is not there wraps [fs.ErrNotExist].
func OpenReadOnly(ctx context.Context, url string) (*DB, error) {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return readPostgres(ctx, url)
	}
	return readSQLite(ctx, strings.TrimPrefix(url, "sqlite:"))
}

func readPostgres(ctx context.Context, url string) (*DB, error) {
	return connectPostgres(ctx, url, func(cfg *pgxpool.Config) {
		cfg.MaxConns = 2
		cfg.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	})
}

// existing opens a SQLite file in the journal mode that it has, and does not make it. It is not opened as read-only by the
// file system: readers of a database in WAL mode share a file beside it.
const existing = "?mode=rw&_pragma=busy_timeout(10000)&_pragma=query_only(ON)"

func readSQLite(ctx context.Context, path string) (*DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	uri := func(path string) string { return "file:" + (&pathEscaper{path}).String() + existing }
	var connector driver.Connector
	connector, err := sqlite.NewConnector(uri(path))
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	if _, err := os.Stat(indexPath(path)); err == nil {
		connector = attaching{connector, uri(indexPath(path))}
	}
	reader := sql.OpenDB(connector)
	reader.SetMaxOpenConns(2)
	d := &DB{engine: SQLite, reader: reader}
	if err := d.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open SQLite %s: %w", path, err), d.Close())
	}
	return d, nil
}

// Vitals are facts about a database, in bytes. Free and WAL are SQLite's: the pages within the file that hold nothing, and
// the size of the write-ahead log that is not copied into the file yet.
type Vitals struct {
	Version         string
	Size, Free, WAL int64
}

// Vitals reads them.
func (d *DB) Vitals(ctx context.Context) (v Vitals, err error) {
	if d.pool != nil {
		err = d.QueryRow(ctx, `SELECT current_setting('server_version'), pg_database_size(current_database())`).Scan(&v.Version, &v.Size)
		if err != nil {
			return v, fmt.Errorf("ask PostgreSQL about itself: %w", err)
		}
		return v, nil
	}
	var page int64
	var path string
	err = d.QueryRow(ctx, `SELECT sqlite_version(), (SELECT page_size FROM pragma_page_size), (SELECT page_count FROM pragma_page_count),
		(SELECT freelist_count FROM pragma_freelist_count), (SELECT file FROM pragma_database_list WHERE name = 'main')`).
		Scan(&v.Version, &page, &v.Size, &v.Free, &path)
	if err != nil {
		return v, fmt.Errorf("ask SQLite about itself: %w", err)
	}
	v.Size, v.Free = v.Size*page, v.Free*page
	if info, err := os.Stat(path + "-wal"); err == nil {
		v.WAL = info.Size()
	}
	return v, nil
}

// QuickCheck looks through a whole SQLite database for damage and returns at most five faults, in the engine's words. It
// returns none for PostgreSQL, which looks after that itself. It reads the file once: ctx bounds how long it may take.
func (d *DB) QuickCheck(ctx context.Context) ([]string, error) {
	if d.pool != nil {
		return nil, nil
	}
	faults, err := Select[string](ctx, d, `PRAGMA main.quick_check(5)`)
	if err != nil {
		return nil, fmt.Errorf("check the database: %w", err)
	}
	if len(faults) == 1 && faults[0] == "ok" {
		return nil, nil
	}
	return faults, nil
}

// Schema compares the migrations that were applied to a database with those of this program. Pending are those still to
// come, Unknown those of a later program.
type Schema struct{ Pending, Unknown []int64 }

// Schema reads which migrations were applied.
func (d *DB) Schema(ctx context.Context) (s Schema, err error) {
	known, err := versions(string(d.engine))
	if err != nil {
		return s, err
	}
	applied, err := Select[int64](ctx, d, `SELECT DISTINCT version_id FROM goose_db_version WHERE is_applied AND version_id > 0`)
	if err != nil {
		return s, fmt.Errorf("read the applied migrations: %w", err)
	}
	for _, v := range known {
		if !slices.Contains(applied, v) {
			s.Pending = append(s.Pending, v)
		}
	}
	for _, v := range applied {
		if !slices.Contains(known, v) {
			s.Unknown = append(s.Unknown, v)
		}
	}
	return s, nil
}

// versions returns those of this program's migrations in a folder.
func versions(folder string) (out []int64, err error) {
	files, err := fs.ReadDir(migrations, "migrations/"+folder)
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	for _, f := range files {
		v, err := goose.NumericComponent(f.Name())
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", f.Name(), err)
		}
		out = append(out, v)
	}
	return out, nil
}
