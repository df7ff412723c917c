package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Tx is a transaction that is being written. It is used by one goroutine.
type Tx struct {
	engine Engine
	pool   *pgxpool.Pool
	pg     pgx.Tx // nil before the first statement
	sql    *sql.Tx
	wrote  bool // or tried to; SQLite only
	stmts  *stmtCache
	missed map[string]struct{} // statements to prepare once the connection is free
	later  []later             // PostgreSQL only
	hooks  []func()
}

// Engine returns which engine the transaction runs on.
func (t *Tx) Engine() Engine { return t.engine }

// PG returns the PostgreSQL transaction, nil on SQLite, after what [Tx.Later] left for later is done. It is for packages that need the engine
// itself, such as jobs.
func (t *Tx) PG(ctx context.Context) (pgx.Tx, error) {
	if t.engine != Postgres {
		return nil, nil
	}
	err := t.flush(ctx)
	return t.pg, err
}

// SQL returns the SQLite transaction, nil on PostgreSQL. It is for the job runner.
func (t *Tx) SQL() *sql.Tx {
	t.wrote = true
	return t.sql
}

// AfterCommit registers a function to run once the transaction is committed, never otherwise. It must be quick, must
// not use the database and must not panic: on SQLite all run in one goroutine, in the order of commits.
func (t *Tx) AfterCommit(fn func()) { t.hooks = append(t.hooks, fn) }

// Query runs a statement inside the transaction.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	if t.engine == Postgres {
		return t.pgQuery(ctx, query, args)
	}
	// A context that ends would interrupt the statement, and SQLite then rolls back the whole group's transaction.
	ctx = context.WithoutCancel(ctx)
	if st := t.prepared(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return t.sql.QueryContext(ctx, query, args...)
}

// QueryRow runs a statement that returns at most one row inside the transaction.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) Row {
	if t.engine == Postgres {
		return t.pgQueryRow(ctx, query, args)
	}
	ctx = context.WithoutCancel(ctx)
	if st := t.prepared(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return t.sql.QueryRowContext(ctx, query, args...)
}

// Exec runs a statement that returns no rows and reports how many it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.engine == Postgres {
		return t.pgExec(ctx, query, args)
	}
	res, err := t.exec(ctx, query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *Tx) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	if st := t.prepared(ctx, query); st != nil {
		return st.ExecContext(ctx, args...)
	}
	return t.sql.ExecContext(ctx, query, args...)
}

// Insert inserts a row by a statement without RETURNING, and returns its id. It is for tables to which much is written: SQLite makes a table for
// what a statement returns each time.
func (t *Tx) Insert(ctx context.Context, query string, args ...any) (id int64, err error) {
	if t.engine == Postgres {
		err = t.QueryRow(ctx, query+` RETURNING id`, args...).Scan(&id)
		return id, err
	}
	res, err := t.exec(ctx, query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// prepared returns the statement if it was prepared before, and takes note of one that may write.
func (t *Tx) prepared(ctx context.Context, query string) *sql.Stmt {
	t.wrote = t.wrote || !strings.HasPrefix(query, "SELECT ")
	if st := t.stmts.peek(query); st != nil {
		return t.sql.StmtContext(ctx, st)
	}
	t.missed[query] = struct{}{}
	return nil
}

// IsUnique reports whether err is a violated uniqueness rule, and of which index or columns, as the engine names it.
func IsUnique(err error) (bool, string) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" {
		return true, pg.ConstraintName
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			_, what, _ := strings.Cut(lite.Error(), "failed: ")
			return true, what
		}
	}
	return false, ""
}

// IsForeignKey reports whether err is a violated foreign key.
func IsForeignKey(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23503" {
		return true
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}
