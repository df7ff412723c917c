package db_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

func TestTheLogOfABusyWriterIsBegunAnew(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 400 MB")
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "foyer.db")
	d, err := db.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) {
		err := d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, query, args...)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	exec(`CREATE TABLE lumps (id INTEGER PRIMARY KEY, lump BLOB NOT NULL)`)
	const writers, rounds, size = 4, 400, 256 << 10
	var wg sync.WaitGroup
	for writer := range writers {
		wg.Go(func() {
			for round := range rounds {
				exec(`INSERT INTO lumps VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET lump = excluded.lump`, writer, bytes.Repeat([]byte{byte(round)}, size))
			}
		})
	}
	wg.Wait()
	log, err := os.Stat(path + "-wal")
	if wrote := int64(writers * rounds * size); err != nil || log.Size() > wrote*3/4 {
		t.Errorf("the log has %d MB of the %d MB that were written: %v", log.Size()>>20, wrote>>20, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the log is there after the database was closed: %v", err)
	}
	if d, err = db.Open(ctx, path); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	lumps, err := db.Select[[]byte](ctx, d, `SELECT lump FROM lumps`)
	if err != nil || len(lumps) != writers {
		t.Fatalf("%d lumps: %v", len(lumps), err)
	}
	for _, lump := range lumps {
		last := rounds - 1
		if !bytes.Equal(lump, bytes.Repeat([]byte{byte(last)}, size)) {
			t.Error("a lump is not as it was written last")
		}
	}
}

func TestWhatWasWrittenIsInTheDatabaseFileOnceNothingIsWritten(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "foyer.db")
	d, err := db.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	err = d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE words AS SELECT 'kept without its log' AS word`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(file, []byte("kept without its log")) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("what was written is in the log only")
		}
	}
}
