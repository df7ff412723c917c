package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dataLock is held on a SQLite desk by the one process that runs it; the system gives it free when that process ends,
// however it ends.
type dataLock struct{ f *os.File }

func lockData(path string) (*dataLock, error) {
	path = strings.TrimPrefix(path, "sqlite:")
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's data folder
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another process runs the desk on this database (%s): %w", path, err), f.Close())
	}
	return &dataLock{f}, nil
}

func (l *dataLock) release() error { return l.f.Close() }
