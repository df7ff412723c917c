package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Tx is a transaction that is being written. It is used by one goroutine.
type Tx struct {
	engine Engine
	pg     pgx.Tx
	sql    *sql.Tx
	stmts  *stmtCache
	missed map[string]struct{} // statements to prepare once the connection is free
	hooks  []func()
}

// Engine returns which engine the transaction runs on.
func (t *Tx) Engine() Engine { return t.engine }

// PG returns the PostgreSQL transaction, nil on SQLite. It is for the job runner.
func (t *Tx) PG() pgx.Tx { return t.pg }

// SQL returns the SQLite transaction, nil on PostgreSQL. It is for the job runner.
func (t *Tx) SQL() *sql.Tx { return t.sql }

// AfterCommit registers a function to run once the transaction is committed, never otherwise. It must be quick, must
// not use the database and must not panic: on SQLite it runs before the next transaction begins, so that hooks run
// in the order of commits.
func (t *Tx) AfterCommit(fn func()) { t.hooks = append(t.hooks, fn) }

// Query runs a statement inside the transaction.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	if t.pg != nil {
		rows, err := t.pg.Query(ctx, query, args...)
		return pgRows{rows}, err
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
	if t.pg != nil {
		return pgRow{t.pg.QueryRow(ctx, query, args...)}
	}
	ctx = context.WithoutCancel(ctx)
	if st := t.prepared(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return t.sql.QueryRowContext(ctx, query, args...)
}

// Exec runs a statement that returns no rows and reports how many it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.pg != nil {
		tag, err := t.pg.Exec(ctx, query, args...)
		return tag.RowsAffected(), err
	}
	ctx = context.WithoutCancel(ctx)
	var res sql.Result
	var err error
	if st := t.prepared(ctx, query); st != nil {
		res, err = st.ExecContext(ctx, args...)
	} else {
		res, err = t.sql.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *Tx) prepared(ctx context.Context, query string) *sql.Stmt {
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
