package db

import (
	"os"
	"syscall"
)

// flush puts a file's content on disk, and what is needed to find it there. The log is written over again and again: most of the time its
// size stays as it is, and fdatasync need not touch its inode.
func flush(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
