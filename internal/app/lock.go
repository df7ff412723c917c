package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/foyerdesk/foyer/internal/platform/crypt"
)

// dataLock is held on a data folder, and on a SQLite database, by the one process that uses it; the system gives it free
// when that process ends, however it ends.
type dataLock struct{ f *os.File }

// lockData takes the lock in the file at path; what names the thing it is held on, for people.
func lockData(path, what string) (*dataLock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's data folder
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another process, such as the running desk, uses %s: %w", what, err), f.Close())
	}
	return &dataLock{f}, nil
}

func (l *dataLock) release() error { return l.f.Close() }

// nodeID returns the name under which this node holds leases in the database. It is kept in the data folder, which only
// one process uses at a time, so that a node that was killed takes up at once what it held.
func nodeID(dir string) (string, error) {
	path := filepath.Join(dir, "node")
	if raw, err := os.ReadFile(path); err == nil && len(raw) >= 12 { //nolint:gosec // the operator's data folder
		return strings.TrimSpace(string(raw)), nil
	}
	id := crypt.Token(16)
	if err := os.WriteFile(path, []byte(id), 0o600); err != nil {
		return "", fmt.Errorf("write the node's name: %w", err)
	}
	return id, nil
}
