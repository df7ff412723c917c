package db

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite writes the head of a page to its write-ahead log, then the page, then the next head: some four hundred calls of the system for
// what a group of changes writes one behind the other, a fifth of the time of the writer. A [logFile] joins them. It is a file of
// the system's own kind of which a few methods are replaced, so that all else is as it was (https://sqlite.org/vfs.html).
//
// Nothing that is committed is held back: what was joined is written with the page that ends a transaction, before SQLite tells other
// connections in its shared memory how far the log goes (https://sqlite.org/fileformat2.html#the_write_ahead_log). An error of the system
// is met there too, by the commit it concerns.

// joining is the name of the system, in SQLite's sense, by which the writers open their files.
const joining = "joining"

const (
	frameHead  = 24                      // bytes, before each page in the log
	mostJoined = 31 * (frameHead + 4096) // bytes; SQLite's own methods write less than 128 kB at once
)

// logFile is what is kept of a write-ahead log, in memory of SQLite's, behind what the system keeps of it.
type logFile struct {
	memory uintptr // where writes are joined
	joined int64   // bytes there
	next   int64   // where the last write ended; -1 if it was none of those that are joined
	ends   bool    // the page to come ends a transaction, as its head said
}

var (
	system  *sqlite3.Tsqlite3_vfs
	keptAt  uintptr // where the logFile is in a file
	methods struct {
		sync.Once
		system, own *sqlite3.Tsqlite3_io_methods // of a log
	}
)

// joinWrites has SQLite know the system named [joining].
func joinWrites(tls *libc.TLS) error {
	found := sqlite3.Xsqlite3_vfs_find(tls, 0)
	if found == 0 {
		return errors.New("adapt SQLite: it knows no system")
	}
	name, err := libc.CString(joining)
	if err != nil {
		return fmt.Errorf("adapt SQLite: %w", err)
	}
	system = at[sqlite3.Tsqlite3_vfs](found)
	keptAt = (uintptr(system.FszOsFile) + 7) &^ 7
	joins, own := allocate[sqlite3.Tsqlite3_vfs](tls), allocate[sqlite3.Tsqlite3_io_methods](tls)
	if joins == nil || own == nil {
		return errors.New("adapt SQLite: no memory")
	}
	methods.own = own
	*joins = *system
	joins.FszOsFile = int32(keptAt + unsafe.Sizeof(logFile{}))
	joins.FzName = name
	joins.FxOpen = cFunc(openFile)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(joins)), 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("adapt SQLite: code %d", rc)
	}
	return nil
}

// openFile opens a file as the system does, and replaces methods of a write-ahead log.
func openFile(tls *libc.TLS, _, name, file uintptr, flags int32, out uintptr) int32 {
	open := goFunc[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](system.FxOpen)
	rc := open(tls, uintptr(unsafe.Pointer(system)), name, file, flags, out)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	memory := libc.Xmalloc(tls, mostJoined)
	if memory == 0 {
		return rc // as it was, then
	}
	opened := at[sqlite3.Tsqlite3_file](file)
	methods.Do(func() {
		methods.system = at[sqlite3.Tsqlite3_io_methods](opened.FpMethods)
		*methods.own = *methods.system
		methods.own.FxClose = cFunc(closeLog)
		methods.own.FxRead = cFunc(readLog)
		methods.own.FxWrite = cFunc(writeLog)
		methods.own.FxTruncate = cFunc(truncateLog)
		methods.own.FxSync = cFunc(syncLog)
		methods.own.FxFileSize = cFunc(sizeLog)
	})
	*logOf(file) = logFile{memory: memory, next: -1}
	opened.FpMethods = uintptr(unsafe.Pointer(methods.own))
	return rc
}

func logOf(file uintptr) *logFile { return at[logFile](file + keptAt) }

// writeLog joins what continues the last write. What does not, such as the head of the whole log, or what a transaction writes over what it
// wrote before, is written as it comes.
func writeLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	l := logOf(file)
	size := int64(n)
	continues := offset == l.next && size <= mostJoined
	if !continues || l.joined+size > mostJoined {
		if rc := l.flush(tls, file); rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	if continues {
		copy(unsafe.Slice(at[byte](l.memory+uintptr(l.joined)), size), unsafe.Slice(at[byte](data), size))
		l.joined += size
	} else if rc := l.write(tls, file, data, n, offset); rc != sqlite3.SQLITE_OK {
		return rc
	}
	l.next = offset + size
	if n == frameHead {
		// Of a page that ends a transaction it says how many pages the database then has, of others 0.
		l.ends = binary.BigEndian.Uint32(unsafe.Slice(at[byte](data), frameHead)[4:]) != 0
		return sqlite3.SQLITE_OK
	}
	if l.ends {
		l.ends = false
		return l.flush(tls, file)
	}
	return sqlite3.SQLITE_OK
}

// flush writes what was joined. What cannot be written is forgotten: the transaction it is of fails.
func (l *logFile) flush(tls *libc.TLS, file uintptr) int32 {
	if l.joined == 0 {
		return sqlite3.SQLITE_OK
	}
	n := l.joined
	l.joined = 0
	return l.write(tls, file, l.memory, int32(n), l.next-n)
}

func (l *logFile) write(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	write := goFunc[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](methods.system.FxWrite)
	rc := write(tls, file, data, n, offset)
	if rc != sqlite3.SQLITE_OK {
		l.next, l.ends = -1, false
	}
	return rc
}

func readLog(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	if rc := logOf(file).flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return goFunc[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](methods.system.FxRead)(tls, file, data, n, offset)
}

func truncateLog(tls *libc.TLS, file uintptr, size int64) int32 {
	l := logOf(file)
	if rc := l.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	l.next = -1
	return goFunc[func(*libc.TLS, uintptr, int64) int32](methods.system.FxTruncate)(tls, file, size)
}

func syncLog(tls *libc.TLS, file uintptr, flags int32) int32 {
	if rc := logOf(file).flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return goFunc[func(*libc.TLS, uintptr, int32) int32](methods.system.FxSync)(tls, file, flags)
}

func sizeLog(tls *libc.TLS, file, size uintptr) int32 {
	if rc := logOf(file).flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return goFunc[func(*libc.TLS, uintptr, uintptr) int32](methods.system.FxFileSize)(tls, file, size)
}

func closeLog(tls *libc.TLS, file uintptr) int32 {
	l := logOf(file)
	_ = l.flush(tls, file) // of a transaction that did not end
	libc.Xfree(tls, l.memory)
	return goFunc[func(*libc.TLS, uintptr) int32](methods.system.FxClose)(tls, file)
}
