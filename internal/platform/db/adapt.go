package db

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite takes a lock of the connection in each of its calls, for each column that is read from each row, and other locks for what
// connections share. Its own way through pthreads is a seventh of the time that a list takes. A connection belongs to one goroutine at
// a time, as database/sql has it, and what the driver keeps of it relies on that too: so its lock keeps nobody out, and is left away
// here. The others become a [sync.Mutex] (https://sqlite.org/c3ref/mutex_methods.html). SQLITE_CONFIG_MULTITHREAD would do without the locks of
// connections as well, but the driver asks for SQLITE_OPEN_FULLMUTEX, which has precedence.

// sharedLocks are those that SQLite asks for by a number of 2 and more.
var sharedLocks [sqlite3.SQLITE_MUTEX_STATIC_VFS3 + 1]struct {
	sync.Mutex
	_ [120]byte // each in cache lines of its own
}

// ownLock is what a connection gets for a lock.
var ownLock byte

// adapted is why SQLite could not be adapted, before anybody opens a connection; nil if it was.
var adapted = adapt()

// adapt has SQLite use these locks and a [pageCache], plan each statement once, and know how to join writes.
func adapt() error {
	tls := libc.NewTLS()
	defer tls.Close()
	room := allocate[uintptr](tls)
	if room == nil {
		return errors.New("adapt SQLite: no memory")
	}
	args := uintptr(unsafe.Pointer(room))
	defer libc.Xfree(tls, args)
	for _, c := range []struct {
		option  int32
		methods uintptr
	}{
		{sqlite3.SQLITE_CONFIG_MUTEX, uintptr(unsafe.Pointer(&lockMethods))},
		{sqlite3.SQLITE_CONFIG_PCACHE2, uintptr(unsafe.Pointer(&cacheMethods))},
	} {
		if rc := sqlite3.Xsqlite3_config(tls, c.option, libc.VaList(args, c.methods)); rc != sqlite3.SQLITE_OK {
			return fmt.Errorf("adapt SQLite: code %d", rc)
		}
	}
	if rc := sqlite3.Xsqlite3_auto_extension(tls, cFunc(planForAny)); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("adapt SQLite: code %d", rc)
	}
	return joinWrites(tls)
}

// planForAny has a new connection plan a statement for any values of its parameters (https://sqlite.org/queryplanner-ng.html#qpstab). Else SQLite
// takes it for worth a look whether one is 1, 0 or -1, and prepares the statement anew whenever that changes: in each search, twice, the
// one by which the full text index finds where a word stands in its first segment.
func planForAny(tls *libc.TLS, connection, _, _ uintptr) int32 {
	room := allocate[[2]uintptr](tls)
	if room == nil {
		return sqlite3.SQLITE_NOMEM
	}
	args := uintptr(unsafe.Pointer(room))
	defer libc.Xfree(tls, args)
	return sqlite3.Xsqlite3_db_config(tls, connection, sqlite3.SQLITE_DBCONFIG_ENABLE_QPSG, libc.VaList(args, int32(1), uintptr(0)))
}

var lockMethods = sqlite3.Tsqlite3_mutex_methods{
	FxMutexInit:    cFunc(func(*libc.TLS) int32 { return sqlite3.SQLITE_OK }),
	FxMutexEnd:     cFunc(func(*libc.TLS) int32 { return sqlite3.SQLITE_OK }),
	FxMutexAlloc:   cFunc(newLock),
	FxMutexFree:    cFunc(freeLock),
	FxMutexEnter:   cFunc(enterLock),
	FxMutexTry:     cFunc(tryLock),
	FxMutexLeave:   cFunc(leaveLock),
	FxMutexHeld:    0, // for SQLite's own assertions
	FxMutexNotheld: 0,
}

// cFunc is what SQLite, in Go, takes for the address of a C function. f must hold on to no variables: what holds them may move, as the
// compiler does not see that its address is kept.
func cFunc[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// goFunc is the function at such an address.
func goFunc[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

func newLock(tls *libc.TLS, kind int32) uintptr {
	switch kind {
	case sqlite3.SQLITE_MUTEX_RECURSIVE:
		return uintptr(unsafe.Pointer(&ownLock))
	case sqlite3.SQLITE_MUTEX_FAST:
		return uintptr(unsafe.Pointer(allocate[sync.Mutex](tls)))
	}
	return uintptr(unsafe.Pointer(&sharedLocks[kind]))
}

func freeLock(tls *libc.TLS, p uintptr) {
	if !own(p) {
		libc.Xfree(tls, p)
	}
}

func enterLock(_ *libc.TLS, p uintptr) {
	if !own(p) {
		at[sync.Mutex](p).Lock()
	}
}

func tryLock(_ *libc.TLS, p uintptr) int32 {
	if own(p) || at[sync.Mutex](p).TryLock() {
		return sqlite3.SQLITE_OK
	}
	return sqlite3.SQLITE_BUSY
}

func leaveLock(_ *libc.TLS, p uintptr) {
	if !own(p) {
		at[sync.Mutex](p).Unlock()
	}
}

func own(p uintptr) bool { return p == uintptr(unsafe.Pointer(&ownLock)) }

// allocate gets memory that SQLite may read and write: that of Go it may not, as it knows it by numbers.
func allocate[T any](tls *libc.TLS) *T {
	var v T
	return at[T](libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(v))))
}

// at is what is at an address that SQLite was given.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }
