//go:build !linux

package db

import "os"

// flush puts a file on disk.
func flush(f *os.File) error { return f.Sync() }
