package db

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/georgysavva/scany/v2/dbscan"
)

// scanner maps columns to fields by their `db` tag, or by the field's name in snake case.
var scanner = func() *dbscan.API {
	api, err := dbscan.NewAPI(dbscan.WithAllowUnknownColumns(false))
	if err != nil {
		panic(err)
	}
	return api
}()

// Select returns all rows of a query as values of T: a struct whose fields name the columns, or a plain type for a
// query of one column. It returns an empty slice, never nil, when there are none.
func Select[T any](ctx context.Context, q Querier, query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	out := []T{}
	if err := scanner.ScanAll(&out, rows); err != nil { // closes rows
		return nil, err
	}
	return out, nil
}

// Get returns the one row of a query as a T, or [ErrNoRows].
func Get[T any](ctx context.Context, q Querier, query string, args ...any) (T, error) {
	var out T
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return out, err
	}
	if err := scanner.ScanOne(&out, rows); err != nil {
		if dbscan.NotFound(err) {
			err = ErrNoRows
		}
		return out, err
	}
	return out, nil
}

// Each calls fn for every row of a query; fn scans. It stops at the first error.
func Each(ctx context.Context, q Querier, fn func(Rows) error, query string, args ...any) (err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Explain returns how the engine would run a query, a step a line, for tests of its cost. The texts are the engine's own.
func Explain(ctx context.Context, q Querier, query string, args ...any) (plan []string, err error) {
	if q.Engine() == Postgres {
		return Select[string](ctx, q, `EXPLAIN `+query, args...)
	}
	err = Each(ctx, q, func(r Rows) error {
		var id, parent, unused int
		var step string
		err := r.Scan(&id, &parent, &unused, &step)
		plan = append(plan, step)
		return err
	}, `EXPLAIN QUERY PLAN `+query, args...)
	return plan, err
}

// In returns "$n,$n+1,…" for values placed from argument number first on, and the values as arguments. It is for
// lists that are short and bounded; an empty list gives NULL, which nothing is equal to.
func In[T any](first int, values []T) (string, []any) {
	if len(values) == 0 {
		return "NULL", nil
	}
	var sb strings.Builder
	args := make([]any, len(values))
	for i, v := range values {
		if i > 0 {
			sb.WriteByte(',')
		}
		sb.WriteByte('$')
		sb.WriteString(strconv.Itoa(first + i))
		args[i] = v
	}
	return sb.String(), args
}
