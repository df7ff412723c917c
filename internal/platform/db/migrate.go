package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema up to this program's version. Nodes that start together wait for each other: PostgreSQL
// holds an advisory lock, SQLite has one process. It returns the versions it applied to the database; the index file of
// SQLite has versions of its own.
func (d *DB) Migrate(ctx context.Context) ([]int64, error) {
	if d.pool != nil {
		handle := stdlib.OpenDBFromPool(d.pool)
		defer func() { _ = handle.Close() }()
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("make the migration lock: %w", err)
		}
		return up(ctx, goose.DialectPostgres, handle, "postgres", goose.WithSessionLocker(locker))
	}
	applied, err := up(ctx, goose.DialectSQLite3, d.writer.db, "sqlite")
	if err != nil {
		return applied, err
	}
	if _, err := up(ctx, goose.DialectSQLite3, d.index.db, "sqlite-index"); err != nil {
		return applied, fmt.Errorf("index file: %w", err)
	}
	return applied, nil
}

func up(ctx context.Context, dialect goose.Dialect, handle *sql.DB, folder string, options ...goose.ProviderOption) ([]int64, error) {
	dir, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, handle, dir, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	var applied []int64
	for _, r := range results {
		applied = append(applied, r.Source.Version)
	}
	return applied, nil
}
