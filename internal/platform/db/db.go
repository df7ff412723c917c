// Package db is the one handle on Foyer's database, whichever of the two engines is behind it.
//
// # Two engines, one SQL text
//
// Statements are written once, with $1 placeholders, for SQLite and PostgreSQL. Where the engines differ (full-text
// search, a JSON set operation) the caller asks [DB.Engine] and keeps the two texts side by side. Types are chosen so
// that they read and write the same on both: times are integers ([Time]), JSON is text ([JSON]), flags are BOOLEAN.
//
// # Reading and writing
//
// A [DB] only reads. Everything that changes rows happens in [DB.Tx], and what must happen because of a change is
// either in the same transaction or hangs off [Tx.AfterCommit].
//
// On SQLite there is one writer. Transactions that arrive while another is being written are committed together
// with it (see writer.go): every commit is on disk before its caller hears of it, and the cost of the disk is shared. After
// one of them failed they run again. On PostgreSQL each call is a transaction of its own, tried again when the server
// reports a deadlock or a serialisation failure, so the function passed to Tx may run more than once.
//
// What a statement costs on PostgreSQL is for a good part the way there and back. A write that nothing in its transaction waits
// for is given to [Tx.Later], which sends it along with the next statement (see pipeline.go).
//
// # The index file
//
// Indexes that can be made anew from the rest (full-text search) are written by [DB.IndexTx]. SQLite keeps them in a file
// beside the database with a writer of its own: merging a large index may take seconds, for which no other change waits.
// Readers see the tables of both files under their plain names. PostgreSQL keeps everything in one database.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"modernc.org/sqlite" // and its driver "sqlite"
)

// Engine names the database behind a handle.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// ErrNoRows is returned by [Get] and [Row.Scan] when there is no row.
var ErrNoRows = sql.ErrNoRows

// DB is a handle on the database. It is safe for concurrent use.
type DB struct {
	engine Engine
	reader *sql.DB
	reads  stmtCache
	writer *writer
	index  *writer // of the index file; SQLite only
	pool   *pgxpool.Pool
}

// Querier reads rows: a [DB] outside a transaction, a [Tx] inside one.
type Querier interface {
	Engine() Engine
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) Row
}

// Rows is a result set being read; the caller closes it.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Columns() ([]string, error)
	Err() error
	Close() error
	NextResultSet() bool
}

// Row is a result of at most one row; Scan returns [ErrNoRows] when there is none.
type Row interface{ Scan(dest ...any) error }

// Open opens the database a URL names: "postgres://…" or "postgresql://…" for PostgreSQL, otherwise the path of a
// SQLite file, optionally behind "sqlite:", which is made if it does not exist. It does not migrate.
func Open(ctx context.Context, url string) (*DB, error) {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return openPostgres(ctx, url)
	}
	return openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"))
}

func openPostgres(ctx context.Context, url string) (*DB, error) {
	return connectPostgres(ctx, url, func(cfg *pgxpool.Config) {
		if !strings.Contains(url, "pool_max_conns") {
			cfg.MaxConns = int32(max(16, 4*runtime.NumCPU()))
		}
		// PostgreSQL's own value, 4, is that of disks that turn; on others it makes reading whole tables look cheap.
		if _, set := cfg.ConnConfig.RuntimeParams["random_page_cost"]; !set {
			cfg.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
		}
	})
}

// connectPostgres connects as a URL says and configure changes.
func connectPostgres(ctx context.Context, url string, configure func(*pgxpool.Config)) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err)
	}
	configure(cfg)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return &DB{engine: Postgres, pool: pool}, nil
}

// SQLite settings: WAL lets readers go on while the writer writes; with synchronous=NORMAL the log is put on disk before it
// is copied into the database, and by a [syncer] before the caller of a transaction is answered; busy_timeout covers the job
// runner's statements, which go through the same single connection but in transactions of their own: what it notes of a job may
// be lost with the power, as it may be if the process is killed a moment earlier.
const sqlitePragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)" +
	"&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)"

// The writer of the database touches pages all over the indexes of a conversation and keeps more of them. Readers find most pages in the
// system's own cache. Each connection has so much for itself ([pageCache]). The write-ahead log is copied into the database by a
// [checkpointer], and written in large pieces ([logFile]).
const (
	writerPragmas = "&_pragma=cache_size(-16000)&_txlock=immediate&vfs=" + joining
	indexPragmas  = "&_pragma=cache_size(-8000)&_txlock=immediate&vfs=" + joining
	readerPragmas = "&_pragma=cache_size(-2500)&_pragma=query_only(ON)"
)

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("open SQLite: no file named")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	if adapted != nil {
		return nil, adapted
	}
	w, err := openWriter(ctx, path, writerPragmas)
	if err != nil {
		return nil, err
	}
	index, err := openWriter(ctx, indexPath(path), indexPragmas)
	if err != nil {
		return nil, errors.Join(err, w.shut())
	}
	connector, err := sqlite.NewConnector(dsn(path) + readerPragmas)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open SQLite for reading: %w", err), w.shut(), index.shut())
	}
	r := sql.OpenDB(attaching{connector, dsn(indexPath(path))})
	n := max(4, 2*runtime.NumCPU())
	r.SetMaxOpenConns(n)
	r.SetMaxIdleConns(n)
	return &DB{engine: SQLite, reader: r, writer: w, index: index}, nil
}

// openWriter opens the only writer of a file, which is made if it does not exist.
func openWriter(ctx context.Context, path, pragmas string) (*writer, error) {
	d, err := openOne(ctx, path, pragmas+fmt.Sprintf("&_pragma=wal_autocheckpoint(%d)", longestLog))
	if err != nil {
		return nil, err
	}
	var file string // which the path may be a link to; the log is beside that
	if err := d.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
		return nil, errors.Join(fmt.Errorf("find the file of %s: %w", path, err), d.Close())
	}
	beside, err := openOne(ctx, path, "")
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	log, err := newCheckpointer(ctx, file, d, beside)
	if err != nil {
		return nil, errors.Join(err, beside.Close(), d.Close())
	}
	return newWriter(d, log, newSyncer(file)), nil
}

// openOne opens a single connection.
func openOne(ctx context.Context, path, pragmas string) (*sql.DB, error) {
	d, err := sql.Open("sqlite", dsn(path)+pragmas)
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	d.SetMaxOpenConns(1)
	d.SetMaxIdleConns(1)
	if err := d.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open SQLite %s: %w", path, err), d.Close())
	}
	return d, nil
}

// indexPath is where the index file of a database is: foyer.index.db beside foyer.db.
func indexPath(path string) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + ".index" + ext
}

func dsn(path string) string { return "file:" + (&pathEscaper{path}).String() + "?" + sqlitePragmas }

// attaching opens connections that read the index file too.
type attaching struct {
	driver.Connector
	index string
}

// Connect opens a connection.
func (a attaching) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := a.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, query := range []string{`ATTACH DATABASE '` + strings.ReplaceAll(a.index, "'", "''") + `' AS indexes`, `PRAGMA indexes.cache_size = -1000`} {
		if _, err := c.(driver.ExecerContext).ExecContext(ctx, query, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("attach the index file: %w", err), c.Close())
		}
	}
	return c, nil
}

// pathEscaper escapes what would end the path of a SQLite "file:" URI.
type pathEscaper struct{ path string }

func (p *pathEscaper) String() string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(p.path)
}

// Engine returns which engine is behind the handle.
func (d *DB) Engine() Engine { return d.engine }

// Pool returns the PostgreSQL pool, nil on SQLite. It is for packages that need the engine itself: jobs and bus.
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

// Writer returns SQLite's single writing connection, nil on PostgreSQL. It is for the job runner only.
func (d *DB) Writer() *sql.DB {
	if d.writer == nil {
		return nil
	}
	return d.writer.db
}

// Close waits for the transaction being written and closes every connection.
func (d *DB) Close() error {
	if d.pool != nil {
		d.pool.Close()
		return nil
	}
	if d.writer == nil {
		d.reads.close()
		return d.reader.Close()
	}
	d.index.drain()
	d.writer.drain()
	d.reads.close()
	return errors.Join(d.reader.Close(), d.index.shut(), d.writer.shut())
}

// Ping reports whether the database answers, and keeps what it is given.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	if err := d.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping the database: %w", err)
	}
	if d.writer != nil {
		return d.writer.disk.broken()
	}
	return nil
}

// Query runs a statement that only reads.
func (d *DB) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	if d.pool != nil {
		rows, err := d.pool.Query(ctx, query, args...)
		return pgRows{rows}, err
	}
	if st := d.reads.get(ctx, d.reader, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return d.reader.QueryContext(ctx, query, args...)
}

// QueryRow runs a statement that reads at most one row.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) Row {
	if d.pool != nil {
		return pgRow{d.pool.QueryRow(ctx, query, args...)}
	}
	if st := d.reads.get(ctx, d.reader, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return d.reader.QueryRowContext(ctx, query, args...)
}

// Tx runs fn in a transaction and commits it if fn returns nil; an error or a panic of fn changes nothing.
// It may run more than once: on PostgreSQL again after a deadlock or a serialisation failure, on SQLite after another
// transaction failed that was to be committed with it. What it leaves outside the database must not add up.
func (d *DB) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	switch {
	case d.pool == nil && d.writer == nil:
		return ErrReadOnly
	case d.pool == nil:
		return d.writer.do(ctx, fn)
	}
	for attempt := 1; ; attempt++ {
		err := d.postgresTx(ctx, fn)
		var pg *pgconn.PgError
		if err != nil && errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01") && attempt < 5 {
			continue
		}
		return err
	}
}

// Rehearse makes SQLite run every transaction twice, the first time for nothing, for tests to find functions that cannot run again.
func (d *DB) Rehearse(on bool) {
	if d.writer != nil {
		d.writer.rehearse.Store(on)
		d.index.rehearse.Store(on)
	}
}

// IndexTx is [DB.Tx] for the tables of the index file, on SQLite those alone: fn must not touch others, and what it writes is
// committed apart from the rest. What it does must come to the same when it is done again after a crash.
func (d *DB) IndexTx(ctx context.Context, fn func(tx *Tx) error) error {
	if d.index != nil {
		return d.index.do(ctx, fn)
	}
	return d.Tx(ctx, fn)
}

func (d *DB) postgresTx(ctx context.Context, fn func(tx *Tx) error) error {
	tx := &Tx{engine: Postgres, pool: d.pool}
	defer tx.rollback(ctx)
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.commit(ctx); err != nil {
		return err
	}
	for _, hook := range tx.hooks {
		hook()
	}
	return nil
}

// stmtCache keeps statements prepared. It is bounded because filters are composed: beyond the bound a statement is
// compiled each time, which is correct and a little slower.
type stmtCache struct {
	m     sync.Map // string → *sql.Stmt
	mu    sync.Mutex
	count int
}

const maxPrepared = 400

func (c *stmtCache) get(ctx context.Context, d *sql.DB, query string) *sql.Stmt {
	if st, ok := c.m.Load(query); ok {
		return st.(*sql.Stmt)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if st, ok := c.m.Load(query); ok {
		return st.(*sql.Stmt)
	}
	if c.count >= maxPrepared {
		return nil
	}
	st, err := d.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil // the query itself will report it
	}
	c.m.Store(query, st)
	c.count++
	return st
}

func (c *stmtCache) peek(query string) *sql.Stmt {
	if st, ok := c.m.Load(query); ok {
		return st.(*sql.Stmt)
	}
	return nil
}

func (c *stmtCache) close() {
	c.m.Range(func(_, st any) bool { _ = st.(*sql.Stmt).Close(); return true })
}

// pgRows and pgRow give pgx's results the shape of database/sql's.
type pgRows struct{ pgx.Rows }

func (r pgRows) Close() error        { r.Rows.Close(); return nil }
func (r pgRows) NextResultSet() bool { return false }
func (r pgRows) Columns() ([]string, error) {
	fields := r.Rows.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names, nil
}

type pgRow struct{ pgx.Row }

func (r pgRow) Scan(dest ...any) error {
	err := r.Row.Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoRows
	}
	return err
}
