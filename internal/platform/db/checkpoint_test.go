package db_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

func TestTheLogOfABusyWriterIsBegunAnew(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 200 MB")
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "foyer.db")
	d, err := db.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) error {
		return d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, query, args...)
			return err
		})
	}
	if err := exec(`CREATE TABLE lumps (id INTEGER PRIMARY KEY, lump BLOB NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	const lumps, size = 800, 256 << 10
	lump := make([]byte, size)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range lumps / 4 {
				if err := exec(`INSERT INTO lumps (lump) VALUES ($1)`, lump); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	log, err := os.Stat(path + "-wal")
	if err != nil || log.Size() > lumps*size/2 {
		t.Errorf("the log has %d MB of the %d MB that were written: %v", log.Size()>>20, lumps*size>>20, err)
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
	var n, total int64
	if err := d.QueryRow(ctx, `SELECT count(*), sum(length(lump)) FROM lumps`).Scan(&n, &total); err != nil || n != lumps || total != lumps*size {
		t.Errorf("%d lumps of %d bytes in all: %v", n, total, err)
	}
}
