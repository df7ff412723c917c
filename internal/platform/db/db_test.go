package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestTransactionThatFailsChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boom := errors.New("boom")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := put(ctx, tx, "k", 1); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("err = %v", err)
		}
		if n := count(t, d); n != 0 {
			t.Fatalf("%d rows stayed", n)
		}
	})
}

func TestConcurrentTransactionsCommitOrFailAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var wg sync.WaitGroup
		var mu sync.Mutex
		hooks := 0
		for i := range 100 {
			wg.Go(func() {
				err := d.Tx(ctx, func(tx *db.Tx) error {
					if err := put(ctx, tx, fmt.Sprint("k", i), i); err != nil {
						return err
					}
					tx.AfterCommit(func() { mu.Lock(); hooks++; mu.Unlock() })
					if i%3 == 0 {
						return errors.New("refused")
					}
					if i%7 == 0 {
						_, err := tx.Exec(ctx, "INSERT INTO no_such_table VALUES (1)")
						return err
					}
					return nil
				})
				if ok := i%3 != 0 && i%7 != 0; ok != (err == nil) {
					t.Errorf("%d: err = %v", i, err)
				}
			})
		}
		wg.Wait()
		want := 0
		for i := range 100 {
			if i%3 != 0 && i%7 != 0 {
				want++
			}
		}
		if n := count(t, d); n != want || hooks != want {
			t.Fatalf("%d rows and %d hooks, want %d", n, hooks, want)
		}
	})
}

func TestPanicRollsBackAndReachesTheCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		func() {
			defer func() {
				if r := recover(); r != "oops" {
					t.Fatalf("recovered %v", r)
				}
			}()
			_ = d.Tx(ctx, func(tx *db.Tx) error { _ = put(ctx, tx, "a", 1); panic("oops") })
		}()
		if n := count(t, d); n != 0 {
			t.Fatalf("%d rows stayed", n)
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error { return put(ctx, tx, "b", 1) }); err != nil {
			t.Fatalf("writer is stuck: %v", err)
		}
	})
}

func TestLongWorkOnTheIndexFileKeepsNoOtherChangeWaiting(t *testing.T) {
	ctx, d := context.Background(), dbtest.SQLite(t)
	d.Rehearse(false)
	err := d.IndexTx(ctx, func(index *db.Tx) error {
		if _, err := index.Exec(ctx, `INSERT INTO search_emails (suffix, contact_id) VALUES ('later', 1)`); err != nil {
			return err
		}
		// A change of the database, begun and committed while this transaction is open.
		return d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO search_queue (kind, id) VALUES ('contact', 1)`)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := d.QueryRow(ctx, `SELECT (SELECT count(*) FROM search_emails) + (SELECT count(*) FROM search_queue)`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestReadingHandleRefusesToWrite(t *testing.T) {
	d := dbtest.SQLite(t)
	rows, err := d.Query(context.Background(), "INSERT INTO settings (key, value) VALUES ('x', '1') RETURNING key")
	if err == nil {
		rows.Next()
		err = rows.Err()
		_ = rows.Close()
	}
	if err == nil {
		t.Fatal("a read wrote")
	}
}

func TestTimesAndJSONComeBackAsStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		now := db.Now()
		type row struct {
			Detail    db.JSON
			CreatedAt db.Time
			Missing   *db.Time
			Flag      bool
		}
		err := d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO activity_logs (created_at, updated_at, activity_type, activity_description,
				actor_id, target_model_type, target_model_id, detail) VALUES ($2, $2, 'x', 'y', 1, 'user', 1, $1)`,
				db.ToJSON(map[string]int{"a": 1}), now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.Get[row](ctx, d, `SELECT detail, created_at, CAST(NULL AS BIGINT) AS missing, TRUE AS flag FROM activity_logs`)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]int
		if err := got.Detail.Decode(&m); err != nil || m["a"] != 1 || !got.CreatedAt.Equal(now.Time) || got.Missing != nil || !got.Flag {
			t.Fatalf("got %+v %v", got, err)
		}
		if _, err := db.Get[row](ctx, d, `SELECT detail FROM activity_logs WHERE id = -1`); !errors.Is(err, db.ErrNoRows) {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestUniqueViolationIsRecognised(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		insert := func() error {
			return d.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO settings (key, value) VALUES ('same', '1')")
				return err
			})
		}
		if err := insert(); err != nil {
			t.Fatal(err)
		}
		if ok, _ := db.IsUnique(insert()); !ok {
			t.Fatal("not recognised")
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	d := dbtest.SQLite(b)
	ctx := context.Background()
	start := time.Now()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_ = d.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO events (created_at, type, actor_id) VALUES ($1, 't', 1)", db.Now())
				return err
			})
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "tx/s")
}

func put(ctx context.Context, tx *db.Tx, key string, value int) error {
	_, err := tx.Exec(ctx, "INSERT INTO settings (key, value) VALUES ($1, $2)", key, db.ToJSON(value))
	return err
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.QueryRow(context.Background(), "SELECT count(*) FROM settings").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
