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

// kind is one sort of thing that is indexed. of are the rows of that sort; source gives, of the ids put in the place of %s,
// the id, what is found under it, the names of its attachments, the addresses it went to and its marks, separated by spaces.
// What it does not give is not in the index.
type kind struct {
	name, table, of, source string
	emails                  bool
}

// hiddenMark is the mark of what belongs to a conversation c that is hidden.
const hiddenMark = `CASE WHEN c.status_id <= 0 THEN ' ` + markHidden + `' ELSE '' END`

var kinds = []kind{
	{name: "message", table: "search_messages", of: `messages WHERE type <> 'activity'`,
		source: `SELECT m.id, substr(m.text_content, 1, 200000), COALESCE(files.names, ''),
			COALESCE(m.meta ->> 'to', '') || ' ' || COALESCE(m.meta ->> 'cc', '') || ' ' || COALESCE(m.meta ->> 'bcc', ''),
			'` + markSender + `' || m.sender_id || CASE WHEN m.private THEN ' ` + markNote + `' ELSE '' END ||
				CASE WHEN files.names IS NULL THEN '' ELSE ' ` + markAttachment + `' END || ` + hiddenMark + `
			FROM messages m JOIN conversations c ON c.id = m.conversation_id
			LEFT JOIN (SELECT model_id, string_agg(filename, ' ') AS names FROM media WHERE model_type = 'messages' AND model_id IN (%[1]s) AND ` + attached + `
				GROUP BY model_id) AS files ON files.model_id = m.id
			WHERE m.id IN (%[1]s) AND m.type <> 'activity' AND m.meta ->> 'deleted_at' IS NULL`},
	{name: "conversation", table: "search_conversations", of: `conversations WHERE TRUE`,
		source: `SELECT c.id, c.subject || ' ' || u.first_name || ' ' || u.last_name || ' ' || COALESCE(u.email, '') || ' ' || c.reference_number, '', '', ` + hiddenMark + `
			FROM conversations c JOIN users u ON u.id = c.contact_id WHERE c.id IN (%[1]s)`},
	{name: "contact", table: "search_contacts", of: `users WHERE type IN ('contact', 'visitor')`, emails: true,
		source: `SELECT id, COALESCE(email, '') || ' ' || first_name || ' ' || last_name || ' ' || COALESCE(phone_number, '') || ' ' || COALESCE(external_user_id, ''), '', '', ''
			FROM users WHERE id IN (%[1]s) AND type IN ('contact', 'visitor') AND deleted_at IS NULL`},
}

const (
	idle = 100 * time.Millisecond
	// live is how much is indexed in one transaction while people work, bulk while nobody does;
	// when the index falls behind, live becomes up to most.
	live, most, bulk = 64, 512, 1000
	// mergePages is how many pages of the index are merged in one transaction, quietPages when there is nothing to index.
	mergePages, quietPages = 24, 256
	// Segments of about one size are merged once there are so many: seldom while much is indexed, and soon when nothing was
	// for a while, since every search looks into each of them.
	mergeBusy, mergeCalm = 4, 2
	calm                 = 30 * time.Second
	// yield is how many times as long as a transaction took the next one waits, while others want to write too.
	yield = 4
)

// Run indexes what changes, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	w := &worker{s: s, lease: lease{s: s}, size: live, untidy: true, last: time.Now()}
	defer w.lease.release(ctx)
	w.fresh = s.db.Engine() == db.SQLite
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
	size   int       // of the next batch: more when the index is behind
	untidy bool      // there may be segments to merge
	from   int       // how many of one size are merged, 0 if that is not known
	last   time.Time // when something was indexed
	fresh  bool      // the index file may be a new one
}

// round indexes one batch, merges a little, and returns how long to wait before the next.
func (w *worker) round(ctx context.Context) time.Duration {
	held, err := w.lease.hold(ctx)
	if err == nil && !held {
		return leaseTime / 2
	}
	if err == nil && w.fresh {
		err = w.s.queueAll(ctx)
		w.fresh = err != nil
	}
	var did batchResult
	if err == nil {
		did, err = w.s.batch(ctx, w.size)
	}
	if err == nil {
		err = w.settle(ctx, did.n)
	}
	if err == nil && (did.n > 0 || w.untidy) {
		var merged batchResult
		pages := mergePages
		if did.n == 0 {
			pages = quietPages
		}
		merged, err = w.s.merge(ctx, pages)
		w.untidy = merged.n > 0
		did.took += merged.took
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

// settle decides how many segments are merged, after so much was indexed.
func (w *worker) settle(ctx context.Context, indexed int) error {
	from := w.from
	if indexed > 0 {
		w.last = time.Now()
	}
	switch {
	case indexed >= live:
		from = mergeBusy
	case time.Since(w.last) > calm:
		from = mergeCalm
	}
	if from == w.from {
		return nil
	}
	if err := w.s.mergeFrom(ctx, from); err != nil {
		return err
	}
	w.from, w.untidy = from, true
	return nil
}

// CatchUp indexes everything that waits, as fast as it goes: for commands that fill a desk on which nobody works.
// progress, which may be nil, is called now and then with how much is done.
func (s *Service) CatchUp(ctx context.Context, progress func(done int)) error {
	if s.db.Engine() == db.SQLite {
		if err := s.queueAll(ctx); err != nil {
			return err
		}
	}
	if err := s.mergeFrom(ctx, mergeBusy); err != nil {
		return err
	}
	for done, further := 0, false; ; {
		did, err := s.batch(ctx, bulk)
		if err != nil {
			return err
		}
		merged, err := s.merge(ctx, bulk)
		if err != nil {
			return err
		}
		if did.n == 0 && merged.n == 0 {
			if further {
				return nil
			}
			if err := s.mergeFrom(ctx, mergeCalm); err != nil {
				return err
			}
			further = true
		}
		done += did.n
		if progress != nil {
			progress(done)
		}
	}
}

// mergeFrom has segments of a SQLite index merged once there are so many of about one size.
func (s *Service) mergeFrom(ctx context.Context, segments int) error {
	if s.db.Engine() == db.Postgres {
		return nil
	}
	return s.db.IndexTx(ctx, func(tx *db.Tx) error {
		for _, k := range kinds {
			if _, err := tx.Exec(ctx, `INSERT INTO `+k.table+` (`+k.table+`, rank) VALUES ('usermerge', $1)`, segments); err != nil {
				return fmt.Errorf("set when %s is merged: %w", k.table, err)
			}
		}
		return nil
	})
}

// merge merges about so many pages of segments of each SQLite index, or more: FTS5 does not stop within a word, and that of
// a common one may be thousands of pages. n of the result is how many indexes had something to merge.
func (s *Service) merge(ctx context.Context, pages int) (did batchResult, err error) {
	if s.db.Engine() == db.Postgres {
		return did, nil
	}
	for _, k := range kinds {
		begun, merged := time.Now(), false
		err := s.db.IndexTx(ctx, func(tx *db.Tx) error {
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
			merged = after-before >= 2 // less is what the command itself counts for
			return nil
		})
		if err != nil {
			return did, fmt.Errorf("merge %s: %w", k.table, err)
		}
		if merged {
			did.n++
		}
		did.took += time.Since(begun)
	}
	return did, nil
}

// queueAll puts everything there is into the queue, the newest last, if the index file is a new one: it was lost, or the
// database restored without it. Begun anew after a crash it queues some twice, which does no harm.
func (s *Service) queueAll(ctx context.Context) error {
	var queued bool
	if err := s.db.QueryRow(ctx, `SELECT queued FROM search_state`).Scan(&queued); err != nil || queued {
		return err
	}
	const portion = 20_000
	for _, k := range kinds {
		for after, more := int64(0), true; more; {
			var last *int64
			err := s.db.Tx(ctx, func(tx *db.Tx) error {
				if err := tx.QueryRow(ctx, `SELECT max(id) FROM (SELECT id FROM `+k.of+` AND id > $1 ORDER BY id LIMIT $2 + 0) AS portion`, after, portion).Scan(&last); err != nil {
					return err
				}
				if last == nil {
					return nil
				}
				_, err := tx.Exec(ctx, `INSERT INTO search_queue (kind, id) SELECT $1, id FROM `+k.of+` AND id > $2 AND id <= $3 ORDER BY id`, k.name, after, *last)
				return err
			})
			if err != nil {
				return fmt.Errorf("queue every %s: %w", k.name, err)
			}
			if more = last != nil; more {
				after = *last
			}
		}
	}
	return s.db.IndexTx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE search_state SET queued = TRUE`)
		return err
	})
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
	if s.db.Engine() == db.SQLite {
		did, err = s.apart(ctx, changes, seqs)
	} else {
		did, err = s.together(ctx, changes, seqs)
	}
	if errors.Is(err, errTaken) {
		return batchResult{}, nil
	}
	did.n = len(entries)
	return did, err
}

// apart writes the index file, then takes from the queue. After a crash in between the same is written again.
func (s *Service) apart(ctx context.Context, changes []change, seqs []int64) (did batchResult, err error) {
	begun := time.Now()
	if err := s.db.IndexTx(ctx, func(tx *db.Tx) error { return writeAll(ctx, tx, changes) }); err != nil {
		return did, err
	}
	did.took = time.Since(begun) // FTS5 does most of its work in the commit
	asked := time.Now()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		did.waited = time.Since(asked)
		return take(ctx, tx, seqs)
	})
	return did, err
}

// together does both in one transaction. The texts were read before it. Had another node indexed a later state meanwhile,
// it would have taken the entries too; a change since then has an entry of its own.
func (s *Service) together(ctx context.Context, changes []change, seqs []int64) (did batchResult, err error) {
	asked := time.Now()
	begun := asked
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		begun = time.Now()
		if err := take(ctx, tx, seqs); err != nil {
			return err
		}
		return writeAll(ctx, tx, changes)
	})
	did.waited, did.took = begun.Sub(asked), time.Since(begun)
	return did, err
}

// take deletes entries of the queue, all or none.
func take(ctx context.Context, tx *db.Tx, seqs []int64) error {
	n, err := tx.Exec(ctx, `DELETE FROM search_queue WHERE seq IN (`+anyOf(tx)+`)`, list(tx, seqs))
	if err != nil {
		return fmt.Errorf("take from the queue: %w", err)
	}
	if n != int64(len(seqs)) {
		return errTaken
	}
	return nil
}

func writeAll(ctx context.Context, tx *db.Tx, changes []change) error {
	for _, c := range changes {
		if err := c.write(ctx, tx); err != nil {
			return fmt.Errorf("index %ss: %w", c.kind.name, err)
		}
	}
	return nil
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
		var text, names, recipients, marks string
		if err := r.Scan(&id, &text, &names, &recipients, &marks); err != nil {
			return err
		}
		there[id] = true
		c.ids = append(c.ids, id)
		c.docs = append(c.docs, document(s.db.Engine(), entry(text, names, recipients, marks)))
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

// entry are the words and marks of what is indexed. The mark that every entry has stands between the text and the names of
// attachments, so that nothing is found that goes from one to the other.
func entry(text, names, recipients, marks string) []string {
	out := strings.Fields(marks)
	for _, w := range words(recipients, maxWords) {
		out = append(out, markRecipient+w.text)
	}
	for _, w := range words(text, maxWords) {
		out = append(out, w.text)
	}
	out = append(out, markAny)
	for _, w := range words(names, maxWords) {
		out = append(out, w.text)
	}
	return out
}

// document is how an entry is given to an engine: as it is to FTS5, with the places of the words as a tsvector in its
// text form to PostgreSQL, which needs no parser and would refuse places beyond maxPlace.
func document(engine db.Engine, entry []string) string {
	var b strings.Builder
	for i, w := range entry {
		if i > 0 {
			b.WriteByte(' ')
		}
		if engine == db.SQLite {
			b.WriteString(w)
			continue
		}
		b.WriteString("'" + w + "':" + strconv.Itoa(min(i+1, maxPlace)))
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
