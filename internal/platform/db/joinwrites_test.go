package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"modernc.org/libc"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// small opens a file as the writers do, with room for a few pages, so that SQLite writes to its log in the middle of transactions.
func small(t *testing.T, path string) *sql.DB {
	t.Helper()
	d, err := openOne(t.Context(), path, "&_pragma=cache_size(10)&_txlock=immediate&_pragma=wal_autocheckpoint(50)&vfs="+joining)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// crashed opens a copy of the files of a database as they are now, as one would after the process was killed.
func crashed(t *testing.T, path string) *sql.DB {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, ext := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + ext) //nolint:gosec // of the test
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+ext, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := openOne(t.Context(), to, "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func contents(ctx context.Context, d *sql.DB) (map[int]string, error) {
	rows, err := d.QueryContext(ctx, `SELECT k, v FROM kept`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := map[int]string{}
	for rows.Next() {
		var k int
		var v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, rows.Err()
}

// After each commit all of it is in the files and to be seen by other connections, and nothing of what was rolled back: with pages
// that are written to the log before a transaction ends, written again, and taken back.
func TestEachCommitIsInTheLog(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "log.db")
	d := small(t, path)
	exec := func(q interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}, query string, args ...any) {
		t.Helper()
		if _, err := q.ExecContext(ctx, query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	exec(d, `CREATE TABLE kept (k INTEGER PRIMARY KEY, v TEXT NOT NULL)`)
	exec(d, `CREATE INDEX kept_v ON kept (v)`)
	other, err := openOne(ctx, path, "&_pragma=query_only(ON)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()

	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a test
	kept := map[int]string{}
	change := func(tx *sql.Tx, into map[int]string, n int) {
		for range n {
			k := r.IntN(400)
			if r.IntN(4) == 0 {
				exec(tx, `DELETE FROM kept WHERE k = $1`, k)
				delete(into, k)
				continue
			}
			v := fmt.Sprint(r.Uint64(), strings.Repeat("x", r.IntN(900)))
			exec(tx, `INSERT INTO kept (k, v) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v`, k, v)
			into[k] = v
		}
	}
	for i := range 150 {
		tx, err := d.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := maps.Clone(kept)
		change(tx, now, 1+r.IntN(300))
		if r.IntN(2) == 0 {
			exec(tx, `SAVEPOINT s`)
			change(tx, maps.Clone(now), 1+r.IntN(200))
			exec(tx, `ROLLBACK TO s`)
			exec(tx, `RELEASE s`)
			change(tx, now, r.IntN(100))
		}
		if r.IntN(3) == 0 {
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		} else {
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			kept = now
		}
		if seen, err := contents(ctx, other); err != nil || !maps.Equal(seen, kept) {
			t.Fatalf("after %d another connection sees %d rows of %d: %v", i, len(seen), len(kept), err)
		}
		if i%10 != 0 {
			continue
		}
		func() {
			copied := crashed(t, path)
			defer func() { _ = copied.Close() }()
			if seen, err := contents(ctx, copied); err != nil || !maps.Equal(seen, kept) {
				t.Fatalf("after %d there are %d rows of %d in the files: %v", i, len(seen), len(kept), err)
			}
			var ok string
			if err := copied.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&ok); err != nil || ok != "ok" {
				t.Fatalf("after %d: %s, %v", i, ok, err)
			}
		}()
	}
}

// disk takes some writes until it is full; -1 for never.
var disk struct {
	write uintptr
	left  int
}

func writeUntilFull(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	if disk.left == 0 {
		return sqlite3.SQLITE_FULL
	}
	disk.left--
	return goFunc[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](disk.write)(tls, file, data, n, offset)
}

// A log that cannot be written to fails the transaction whose pages these are, and no other.
func TestFullDiskFailsTheTransactionAlone(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "full.db")
	d := small(t, path)
	if _, err := d.ExecContext(ctx, `CREATE TABLE kept (k INTEGER PRIMARY KEY, v TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	written := methods.system
	t.Cleanup(func() { methods.system = written })
	full := *written
	full.FxWrite = cFunc(writeUntilFull)
	disk.write, disk.left = written.FxWrite, -1
	methods.system = &full
	insert := func(from, to int) error {
		tx, err := d.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		for k := from; k < to; k++ {
			if _, err := tx.ExecContext(ctx, `INSERT INTO kept (k, v) VALUES ($1, $2)`, k, strings.Repeat("y", 1000)); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	kept, failed := 0, 0
	for i := range 40 {
		disk.left = i % 8
		if i%8 == 7 {
			disk.left = -1
		}
		err := insert(1000*i, 1000*i+200)
		var lite *sqlite.Error
		switch {
		case err == nil:
			kept += 200
		case errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_FULL:
			failed++
		default:
			t.Fatal(err)
		}
		disk.left = -1
		var n int
		if err := d.QueryRowContext(ctx, `SELECT count(*) FROM kept`).Scan(&n); err != nil || n != kept {
			t.Fatalf("after %d there are %d rows of %d: %v", i, n, kept, err)
		}
	}
	if kept == 0 || failed == 0 {
		t.Fatalf("%d rows kept, %d transactions failed", kept, failed)
	}
	copied := crashed(t, path)
	defer func() { _ = copied.Close() }()
	if seen, err := contents(ctx, copied); err != nil || len(seen) != kept {
		t.Fatalf("there are %d rows of %d in the files: %v", len(seen), kept, err)
	}
}
