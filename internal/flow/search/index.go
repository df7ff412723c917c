package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// kind is one sort of thing that is indexed. source gives the id and what is found under it of the ids put in the place
// of %s; what it does not give is not in the index.
type kind struct {
	name, table, source string
	emails              bool
}

var kinds = []kind{
	{name: "message", table: "search_messages",
		source: `SELECT id, substr(text_content, 1, 200000) FROM messages WHERE id IN (%s) AND type <> 'activity' AND meta ->> 'deleted_at' IS NULL`},
	{name: "conversation", table: "search_conversations",
		source: `SELECT c.id, c.subject || ' ' || u.first_name || ' ' || u.last_name || ' ' || COALESCE(u.email, '') || ' ' || c.reference_number
			FROM conversations c JOIN users u ON u.id = c.contact_id WHERE c.id IN (%s)`},
	{name: "contact", table: "search_contacts", emails: true,
		source: `SELECT id, COALESCE(email, '') || ' ' || first_name || ' ' || last_name || ' ' || COALESCE(phone_number, '') || ' ' || COALESCE(external_user_id, '')
			FROM users WHERE id IN (%s) AND type = 'contact' AND deleted_at IS NULL`},
}

const (
	idle = 100 * time.Millisecond
	// live is how much is indexed in one transaction while people work, bulk while nobody does;
	// when the index falls behind, live becomes up to most.
	live, most, bulk = 64, 512, 1000
	// mergePages is how many pages of the index are merged in one transaction.
	mergePages = 24
	// yield is how many times as long as a transaction took the next one waits, while others want to write too.
	yield = 4
)

// Run indexes what changes, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	w := &worker{s: s, lease: lease{s: s}, size: live, untidy: true}
	defer w.lease.release(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(w.round(ctx))
	}
}

// worker is a run of the indexing.
type worker struct {
	s      *Service
	lease  lease
	size   int  // of the next batch: more when the index is behind
	untidy bool // there may be segments to merge
}

// round indexes one batch, merges a little, and returns how long to wait before the next.
func (w *worker) round(ctx context.Context) time.Duration {
	held, err := w.lease.hold(ctx)
	if err == nil && !held {
		return leaseTime / 2
	}
	var did batchResult
	if err == nil {
		did, err = w.s.batch(ctx, w.size)
	}
	if err == nil && (did.n > 0 || w.untidy) {
		var merged batchResult
		merged, err = w.s.merge(ctx, mergePages)
		w.untidy = merged.n > 0
		did.waited, did.took = max(did.waited, merged.waited), did.took+merged.took
	}
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		w.s.log.Warn("could not index for search; it is tried again", "error", err)
		return time.Second
	case did.n < w.size:
		w.size = live
		return max(idle, yield*did.took)
	}
	w.size = min(2*w.size, most)
	if did.waited > time.Millisecond {
		return yield * did.took
	}
	return 0
}

// CatchUp indexes everything that waits, as fast as it goes: for commands that fill a desk on which nobody works.
// progress, which may be nil, is called now and then with how much is done.
func (s *Service) CatchUp(ctx context.Context, progress func(done int)) error {
	for done := 0; ; {
		did, err := s.batch(ctx, bulk)
		if err != nil {
			return err
		}
		merged, err := s.merge(ctx, bulk)
		if err != nil {
			return err
		}
		if did.n == 0 && merged.n == 0 {
			return nil
		}
		done += did.n
		if progress != nil {
			progress(done)
		}
	}
}

// merge merges about so many pages of segments of each SQLite index. n of the result is how many indexes had something
// to merge.
func (s *Service) merge(ctx context.Context, pages int) (did batchResult, err error) {
	if s.db.Engine() == db.Postgres {
		return did, nil
	}
	for _, k := range kinds {
		asked := time.Now()
		begun := asked
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			begun = time.Now()
			var before, after int64
			if err := tx.QueryRow(ctx, `SELECT total_changes()`).Scan(&before); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO `+k.table+` (`+k.table+`, rank) VALUES ('merge', $1)`, pages); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SELECT total_changes()`).Scan(&after); err != nil {
				return err
			}
			if after-before >= 2 { // less is what the command itself counts for
				did.n++
			}
			return nil
		})
		if err != nil {
			return did, fmt.Errorf("merge %s: %w", k.table, err)
		}
		did.waited, did.took = max(did.waited, begun.Sub(asked)), did.took+time.Since(begun)
	}
	return did, nil
}

// Waiting returns how much is not indexed yet, counted up to a bound of 10,000.
func (s *Service) Waiting(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM search_queue LIMIT 10000) AS waiting`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what waits to be indexed: %w", err)
	}
	return n, nil
}

// queued is an entry of the queue.
type queued struct {
	Seq  int64
	Kind string
	ID   int64
}

type batchResult struct {
	n            int
	waited, took time.Duration // for the transaction to begin, and for it to run
}

// errTaken ends the transaction of a node that another has overtaken.
var errTaken = errors.New("another node indexes")

// batch indexes the oldest entries of the queue.
func (s *Service) batch(ctx context.Context, limit int) (did batchResult, err error) {
	entries, err := db.Select[queued](ctx, s.db, `SELECT seq, kind, id FROM search_queue ORDER BY seq LIMIT $1 + 0`, limit)
	if err != nil {
		return did, fmt.Errorf("read the queue: %w", err)
	}
	if len(entries) == 0 {
		return did, nil
	}
	seqs := make([]int64, len(entries))
	byKind := map[string][]int64{}
	for i, e := range entries {
		seqs[i] = e.Seq
		byKind[e.Kind] = append(byKind[e.Kind], e.ID)
	}
	var changes []change
	for _, k := range kinds {
		if ids := byKind[k.name]; len(ids) > 0 {
			c, err := s.read(ctx, k, ids)
			if err != nil {
				return did, err
			}
			changes = append(changes, c)
		}
	}
	asked := time.Now()
	begun := asked
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		begun = time.Now()
		// The texts were read before this transaction. Had somebody else indexed a later state meanwhile, they would
		// have taken the entries too; a change since then has an entry of its own.
		n, err := tx.Exec(ctx, `DELETE FROM search_queue WHERE seq IN (`+anyOf(tx)+`)`, list(tx, seqs))
		if err != nil {
			return fmt.Errorf("take from the queue: %w", err)
		}
		if n != int64(len(seqs)) {
			return errTaken
		}
		for _, c := range changes {
			if err := c.write(ctx, tx); err != nil {
				return fmt.Errorf("index %ss: %w", c.kind.name, err)
			}
		}
		return nil
	})
	if errors.Is(err, errTaken) {
		return did, nil
	}
	did.n, did.waited, did.took = len(entries), begun.Sub(asked), time.Since(begun) // FTS5 does most of its work in the commit
	return did, err
}

// anyOf is the set that a [list] argument stands for, $1 of its statement, whatever its length.
func anyOf(q db.Querier) string {
	if q.Engine() == db.Postgres {
		return `SELECT unnest($1::bigint[]) AS id`
	}
	return `SELECT value AS id FROM json_each($1)`
}

func list(q db.Querier, ids []int64) any {
	if q.Engine() == db.Postgres {
		return ids
	}
	b, _ := json.Marshal(ids) // numbers always encode
	return string(b)
}

// change is what is to be written into one index.
type change struct {
	kind     kind
	ids      []int64 // to be in the index, with docs
	docs     []string
	gone     []int64
	suffixes []string // of e-mail addresses, with whose they are
	owners   []int64
}

func (s *Service) read(ctx context.Context, k kind, ids []int64) (change, error) {
	c := change{kind: k}
	there := make(map[int64]bool, len(ids))
	err := db.Each(ctx, s.db, func(r db.Rows) error {
		var id int64
		var text string
		if err := r.Scan(&id, &text); err != nil {
			return err
		}
		there[id] = true
		c.ids = append(c.ids, id)
		c.docs = append(c.docs, document(s.db.Engine(), words(text, maxWords)))
		if k.emails {
			email, _, _ := strings.Cut(text, " ")
			for _, suffix := range suffixes(strings.ToLower(email)) {
				c.suffixes, c.owners = append(c.suffixes, suffix), append(c.owners, id)
			}
		}
		return nil
	}, fmt.Sprintf(k.source, anyOf(s.db)), list(s.db, ids))
	if err != nil {
		return c, fmt.Errorf("read the texts of %ss: %w", k.name, err)
	}
	for _, id := range ids {
		if !there[id] {
			c.gone = append(c.gone, id)
		}
	}
	return c, nil
}

// document is how the words of a text are given to an engine: as they are to FTS5, with their places as a tsvector in its
// text form to PostgreSQL, which needs no parser and would refuse places beyond maxPlace.
func document(engine db.Engine, ws []word) string {
	var b strings.Builder
	for i, w := range ws {
		if i > 0 {
			b.WriteByte(' ')
		}
		if engine == db.SQLite {
			b.WriteString(w.text)
			continue
		}
		b.WriteString("'" + w.text + "':" + strconv.Itoa(min(i+1, maxPlace)))
	}
	return b.String()
}

const maxPlace = 16383

// suffixes are the endings of an address that are long enough to be searched for.
func suffixes(email string) []string {
	const enough = 100
	var out []string
	for i := range email {
		if len(email)-i < minQuery || len(out) == enough {
			break
		}
		out = append(out, email[i:])
	}
	return out
}

func (c change) write(ctx context.Context, tx *db.Tx) error {
	if tx.Engine() == db.Postgres {
		return c.writePostgres(ctx, tx)
	}
	if len(c.gone) > 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM `+c.kind.table+` WHERE rowid IN (`+anyOf(tx)+`)`, list(tx, c.gone)); err != nil {
			return err
		}
	}
	for i, id := range c.ids {
		if _, err := tx.Exec(ctx, `INSERT OR REPLACE INTO `+c.kind.table+` (rowid, doc) VALUES ($1, $2)`, id, c.docs[i]); err != nil {
			return err
		}
	}
	for i, suffix := range c.suffixes {
		if _, err := tx.Exec(ctx, `INSERT INTO search_emails (suffix, contact_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, suffix, c.owners[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c change) writePostgres(ctx context.Context, tx *db.Tx) error {
	if len(c.gone) > 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM `+c.kind.table+` WHERE id IN (`+anyOf(tx)+`)`, c.gone); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO `+c.kind.table+` (id, doc) SELECT id, doc::tsvector FROM unnest($1::bigint[], $2::text[]) AS new (id, doc)
		ORDER BY id ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`, c.ids, c.docs); err != nil {
		return err
	}
	if len(c.suffixes) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO search_emails (suffix, contact_id) SELECT suffix, id FROM unnest($1::text[], $2::bigint[]) AS new (suffix, id)
		ON CONFLICT DO NOTHING`, c.suffixes, c.owners)
	return err
}
