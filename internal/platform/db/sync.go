package db

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// syncer has what was committed put on disk, and tells those who wait for it.
//
// SQLite would do that within the commit (synchronous=FULL), and the writer would wait for the disk. Instead it commits to the write-ahead
// log alone (synchronous=NORMAL) and goes on, while the log is put on disk here, for all the groups that were committed meanwhile at once.
// Nobody is told of a change before, and of no change before those that were committed earlier. Who reads meanwhile may see a change
// that a loss of power would undo. What is then decided by it is written behind it in the log and so is undone with it.
type syncer struct {
	log    string // its path
	file   *os.File
	groups chan *group
	rests  chan struct{} // can be received from while nothing is on its way to the disk
	done   chan struct{}
	failed atomic.Bool
	sync   func(*os.File) error // for tests
}

// ErrDisk is what writes fail with after the disk failed: what is on it from then on is not known before the database is opened anew.
var ErrDisk = errors.New("the disk failed to keep an earlier change; start again to read what it kept")

func newSyncer(path string) *syncer {
	s := &syncer{log: path + "-wal", groups: make(chan *group, maxGroup), rests: make(chan struct{}), done: make(chan struct{}), sync: flush}
	go s.run()
	return s
}

func (s *syncer) run() {
	defer close(s.done)
	var some []*group
	for {
		var g *group
		select {
		case g = <-s.groups:
		case s.rests <- struct{}{}:
			continue
		}
		if g == nil {
			return
		}
		some = append(some[:0], g)
		for more := true; more; {
			select {
			case g, ok := <-s.groups:
				if more = ok; ok {
					some = append(some, g)
				}
			default:
				more = false
			}
		}
		err := s.flush(some)
		for _, g := range some {
			g.tell(err)
		}
	}
}

// flush puts the log on disk if one of the groups has written.
func (s *syncer) flush(groups []*group) error {
	wrote := false
	for _, g := range groups {
		wrote = wrote || g.wrote
	}
	if !wrote {
		return nil
	}
	if err := s.broken(); err != nil {
		return err
	}
	if err := s.toDisk(); err != nil {
		// Linux takes pages that it could not write for written: to try again would succeed and mean nothing.
		s.failed.Store(true)
		return fmt.Errorf("put the write-ahead log on disk: %w", err)
	}
	return nil
}

func (s *syncer) toDisk() (err error) {
	if s.file == nil { // SQLite makes it with the first change
		if s.file, err = os.OpenFile(s.log, os.O_RDWR, 0); err != nil {
			return err
		}
	}
	return s.sync(s.file)
}

// broken returns ErrDisk once the disk has failed.
func (s *syncer) broken() error {
	if s.failed.Load() {
		return ErrDisk
	}
	return nil
}

// close waits until everything is on disk and told.
func (s *syncer) close() error {
	close(s.groups)
	<-s.done
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
