package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// later is a statement that is sent with the next one. It has one row if into is given, else none.
type later struct {
	doing, query string
	args, into   []any
}

// read reads its result.
func (l later) read(results pgx.BatchResults) (err error) {
	if l.into == nil {
		_, err = results.Exec()
	} else {
		err = pgRow{results.QueryRow()}.Scan(l.into...)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", l.doing, err)
	}
	return nil
}

// Later runs a statement that returns no rows and that nothing in the transaction waits for. On PostgreSQL it is sent with the
// next statement, or before the commit: statements take effect in the order in which they were given, and several
// cost one exchange with the server. An error may therefore come from a later call; it says what was being done. The
// arguments must not be changed any more.
func (t *Tx) Later(ctx context.Context, doing, query string, args ...any) error {
	if t.engine == Postgres {
		t.later = append(t.later, later{doing: doing, query: query, args: args})
		return nil
	}
	if _, err := t.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// LaterRow is [Tx.Later] for a statement that returns one row, which is read into what into points to. That is there once the
// next statement has been answered, and in the functions of [Tx.AfterCommit].
func (t *Tx) LaterRow(ctx context.Context, doing string, into []any, query string, args ...any) error {
	if t.engine == Postgres {
		t.later = append(t.later, later{doing, query, args, into})
		return nil
	}
	if err := t.QueryRow(ctx, query, args...).Scan(into...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// LaterInsert is [Tx.LaterRow] for [Tx.Insert]: id is there once the next statement has been answered.
func (t *Tx) LaterInsert(ctx context.Context, doing string, id *int64, query string, args ...any) (err error) {
	if t.engine == Postgres {
		return t.LaterRow(ctx, doing, []any{id}, query+` RETURNING id`, args...)
	}
	if *id, err = t.Insert(ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// send begins the transaction if need be, sends what was left for later, and one more statement if query is not "". It reads
// the results but for that of the last.
func (t *Tx) send(ctx context.Context, query string, args []any) (pgx.BatchResults, error) {
	var batch pgx.Batch
	begins := t.pg == nil
	if begins {
		batch.BeginTx(pgx.TxOptions{})
	}
	sent := t.later
	t.later = nil
	for _, l := range sent {
		batch.Queue(l.query, l.args...)
	}
	if query != "" {
		batch.Queue(query, args...)
	}
	var results pgx.BatchResults
	if begins {
		results = t.pool.SendBatch(ctx, &batch)
		t.pg = results.Tx()
		if _, err := results.Exec(); err != nil {
			return nil, closed(results, err)
		}
	} else {
		results = t.pg.SendBatch(ctx, &batch)
	}
	for _, l := range sent {
		if err := l.read(results); err != nil {
			return nil, closed(results, err)
		}
	}
	return results, nil
}

// sent reports whether a statement can be sent on its own: the transaction has begun and nothing was left for later.
func (t *Tx) sent() bool { return t.pg != nil && len(t.later) == 0 }

// flush begins the transaction and sends what was left for later.
func (t *Tx) flush(ctx context.Context) error {
	if t.sent() {
		return nil
	}
	results, err := t.send(ctx, "", nil)
	if err != nil {
		return err
	}
	return results.Close()
}

// commit sends what was left for later and commits, if there was a statement at all.
func (t *Tx) commit(ctx context.Context) error {
	if t.pg == nil && len(t.later) == 0 {
		return nil
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	if err := t.pg.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback undoes everything after an error or a panic; what was committed it leaves as it is.
func (t *Tx) rollback(ctx context.Context) {
	if t.pg != nil {
		_ = t.pg.Rollback(context.WithoutCancel(ctx))
	}
}

func (t *Tx) pgExec(ctx context.Context, query string, args []any) (int64, error) {
	if t.sent() {
		tag, err := t.pg.Exec(ctx, query, args...)
		return tag.RowsAffected(), err
	}
	results, err := t.send(ctx, query, args)
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	return tag.RowsAffected(), closed(results, err)
}

func (t *Tx) pgQuery(ctx context.Context, query string, args []any) (Rows, error) {
	if t.sent() {
		rows, err := t.pg.Query(ctx, query, args...)
		return pgRows{rows}, err
	}
	results, err := t.send(ctx, query, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, closed(results, err)
	}
	return sentRows{pgRows{rows}, results}, nil
}

func (t *Tx) pgQueryRow(ctx context.Context, query string, args []any) Row {
	if t.sent() {
		return pgRow{t.pg.QueryRow(ctx, query, args...)}
	}
	results, err := t.send(ctx, query, args)
	return sentRow{results, err}
}

// closed closes the results of statements sent together and returns err, or why they could not be closed.
func closed(results pgx.BatchResults, err error) error {
	if end := results.Close(); err == nil {
		err = end
	}
	return err
}

// sentRows and sentRow are the results of a query that was sent with others.
type sentRows struct {
	pgRows
	results pgx.BatchResults
}

func (r sentRows) Close() error {
	return errors.Join(r.pgRows.Close(), r.results.Close())
}

type sentRow struct {
	results pgx.BatchResults
	err     error
}

func (r sentRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	return closed(r.results, pgRow{r.results.QueryRow()}.Scan(dest...))
}
