package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// syncedDB is a database with one table, whose log is put on disk by sync.
func syncedDB(t *testing.T, sync func(*os.File) error) (*DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "foyer.db")
	d, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Tx(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), `CREATE TABLE notes (n INTEGER NOT NULL CHECK (n > 0))`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	d.writer.disk.sync = sync
	return d, path
}

func (d *DB) addNote(ctx context.Context, n int, ran, hook func()) error {
	return d.Tx(ctx, func(tx *Tx) error {
		tx.AfterCommit(hook)
		_, err := tx.Exec(ctx, `INSERT INTO notes (n) VALUES ($1)`, n)
		ran()
		return err
	})
}

func TestWriterGoesOnWhileTheDiskWorksAndTellsNobodyBefore(t *testing.T) {
	syncs := make(chan chan struct{})
	d, _ := syncedDB(t, func(*os.File) error {
		done := make(chan struct{})
		syncs <- done
		<-done
		return nil
	})
	defer func() { _ = d.Close() }()
	var mu sync.Mutex
	var told []int
	answers, ran := make(chan error, 3), make(chan int, 3)
	add := func(n int) {
		go func() {
			answers <- d.addNote(t.Context(), n, func() { ran <- n }, func() { mu.Lock(); told = append(told, n); mu.Unlock() })
		}()
	}
	add(1)
	<-ran
	first := <-syncs // on its way to the disk
	for n := 2; n <= 3; n++ {
		add(n)
		if got := <-ran; got != n { // runs meanwhile
			t.Fatalf("%d ran, want %d", got, n)
		}
	}
	select {
	case err := <-answers:
		t.Fatalf("told before it is on disk: %v", err)
	default:
	}
	close(first)
	if err := <-answers; err != nil {
		t.Fatal(err)
	}
	close(<-syncs) // of both others at once
	for range 2 {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	if want := []int{1, 2, 3}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}

func TestDiskThatFailedIsNotTrustedAgain(t *testing.T) {
	noDisk, broken := errors.New("no disk"), true
	d, path := syncedDB(t, func(*os.File) error {
		if broken {
			broken = false
			return noDisk
		}
		return nil
	})
	told := false
	if err := d.addNote(t.Context(), 1, func() {}, func() { told = true }); !errors.Is(err, noDisk) || told {
		t.Errorf("%v, told %v", err, told)
	}
	for range 2 {
		if err := d.addNote(t.Context(), 2, func() {}, func() { told = true }); !errors.Is(err, ErrDisk) || told {
			t.Errorf("after it failed: %v, told %v", err, told)
		}
	}
	if err := d.Ping(t.Context()); !errors.Is(err, ErrDisk) {
		t.Errorf("said to be well: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.addNote(t.Context(), 3, func() {}, func() { told = true }); err != nil || !told {
		t.Errorf("after a start: %v, told %v", err, told)
	}
}

func TestDatabaseBehindALinkIsPutOnDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "elsewhere"), 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "foyer.db")
	if err := os.Symlink(filepath.Join(dir, "elsewhere", "real 1%.db"), link); err != nil {
		t.Fatal(err)
	}
	d, err := Open(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Tx(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), `CREATE TABLE notes (n INTEGER)`)
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestMemberThatFailsAfterWritingTakesNothingAndNobodyWithIt(t *testing.T) {
	d, _ := syncedDB(t, flush)
	defer func() { _ = d.Close() }()
	ctx := t.Context()
	refused := errors.New("refused")
	begun, held := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() { // the others queue behind it, and are committed together with one another
		_ = d.Tx(ctx, func(*Tx) error { once.Do(func() { close(begun) }); <-held; return nil })
	})
	<-begun
	const members = 30
	answers := make([]error, members)
	runs := make([]int, members)
	for i := range members {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					answers[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			answers[i] = d.Tx(ctx, func(tx *Tx) error {
				runs[i]++
				if i%10 == 4 {
					return refused // without having written
				}
				if _, err := tx.Exec(ctx, `INSERT INTO notes (n) VALUES ($1)`, i+1); err != nil {
					return err
				}
				switch i % 10 {
				case 7:
					return refused
				case 8:
					panic("at the disco")
				case 9:
					_, err := tx.Exec(ctx, `INSERT INTO notes (n) VALUES (-1)`)
					return err
				}
				return nil
			})
		})
	}
	for len(d.writer.reqs) < members {
		time.Sleep(time.Millisecond)
	}
	close(held)
	wg.Wait()
	want := 0
	for i, err := range answers {
		if fails := i%10 == 4 || i%10 >= 7; fails != (err != nil) {
			t.Errorf("member %d: %v", i, err)
		} else if !fails {
			want++
		}
		if runs[i] > 2 {
			t.Errorf("member %d ran %d times", i, runs[i])
		}
	}
	var n, wrong int
	if err := d.QueryRow(ctx, `SELECT count(*), COALESCE(sum((n - 1) % 10 = 4 OR (n - 1) % 10 >= 7 OR n < 0), 0) FROM notes`).Scan(&n, &wrong); err != nil || n != want || wrong != 0 {
		t.Errorf("%d rows, want %d, %d of members that failed: %v", n, want, wrong, err)
	}
}

func TestWhatIsCommittedDuringACopyIsCopiedLater(t *testing.T) {
	c := &checkpointer{}
	c.busy.Store(true)
	c.committed()
	if c.pages.Load() == 0 {
		t.Error("nothing is left to copy")
	}
}
