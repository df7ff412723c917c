// Package demo fills a desk: with a believable few hundred conversations for people to look at ([Fill]), or with any
// number of plain ones, written straight into the tables, to measure with ([Bulk]).
package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// BulkOptions say how much is written.
type BulkOptions struct {
	Conversations int
	Messages      int // of each conversation
	// Varied adds tags, from common to rare, and mentions. The desk has the tags already, see [EnsureCrowd].
	Varied bool
	// Progress is called now and then with how many conversations are written.
	Progress func(done int)
}

const bulkChunk = 100

// Bulk adds conversations to an empty or filled desk that has at least one inbox and one agent, in chunks of one
// transaction each: a third open, the rest resolved, spread over a year, agents and teams. Counters are kept.
func Bulk(ctx context.Context, d *db.DB, o BulkOptions) error {
	b, err := newBulk(ctx, d, o)
	if err != nil {
		return err
	}
	if d.Engine() == db.SQLite {
		// Random uuids touch pages all over their indexes: with the cache of everyday work each would be read from disk.
		if err := d.Tx(ctx, func(tx *db.Tx) error { _, err := tx.Exec(ctx, `PRAGMA cache_size = -1000000`); return err }); err != nil {
			return fmt.Errorf("enlarge the cache: %w", err)
		}
	}
	for done := 0; done < o.Conversations; {
		n := min(bulkChunk, o.Conversations-done)
		before := *b
		err := d.Tx(ctx, func(tx *db.Tx) error {
			*b = before // it may run again
			return b.chunk(ctx, tx, done, n)
		})
		if err != nil {
			return fmt.Errorf("write conversations %d to %d: %w", done, done+n, err)
		}
		done += n
		if o.Progress != nil {
			o.Progress(done)
		}
	}
	return d.Tx(ctx, b.finish)
}

type bulk struct {
	o                      BulkOptions
	agents, teams, inboxes []int64
	tags                   []int64 // of a varied desk, the most common first
	open, resolved         int64
	contact, conv, msg     int64 // next ids
	reference              int64
	start                  time.Time
	rnd                    *rand.Rand
}

func newBulk(ctx context.Context, d *db.DB, o BulkOptions) (*bulk, error) {
	b := &bulk{o: o, rnd: rand.New(rand.NewPCG(1, 2)), start: time.Now().AddDate(-1, 0, 0)} //nolint:gosec // repeatable data
	var err error
	ids := func(dst *[]int64, query string) {
		if err == nil {
			*dst, err = db.Select[int64](ctx, d, query)
		}
	}
	one := func(dst *int64, query string) {
		if err == nil {
			err = d.QueryRow(ctx, query).Scan(dst)
		}
	}
	ids(&b.agents, `SELECT id FROM users WHERE type = 'agent' AND deleted_at IS NULL ORDER BY is_system, id`)
	ids(&b.teams, `SELECT id FROM teams ORDER BY id`)
	ids(&b.inboxes, `SELECT id FROM inboxes WHERE deleted_at IS NULL AND channel = 'email' ORDER BY id`)
	one(&b.open, `SELECT id FROM statuses WHERE name = 'Open'`)
	one(&b.resolved, `SELECT id FROM statuses WHERE name = 'Resolved'`)
	one(&b.contact, `SELECT COALESCE(max(id), 0) + 1 FROM users`)
	one(&b.conv, `SELECT COALESCE(max(id), 0) + 1 FROM conversations`)
	one(&b.msg, `SELECT COALESCE(max(id), 0) + 1 FROM messages`)
	one(&b.reference, `SELECT COALESCE(max(reference_number), 99) + 1 FROM conversations`)
	if err != nil {
		return nil, fmt.Errorf("look at the desk: %w", err)
	}
	for n := 0; err == nil && o.Varied && n < crowdTags; n++ {
		var id int64
		err = d.QueryRow(ctx, `SELECT id FROM tags WHERE name = $1`, tagName(n)).Scan(&id)
		b.tags = append(b.tags, id)
	}
	if err != nil {
		return nil, fmt.Errorf("look for the tags: %w", err)
	}
	if len(b.agents) == 0 || len(b.inboxes) == 0 {
		return nil, errors.New("the desk needs an agent and an e-mail inbox first")
	}
	return b, nil
}

// rows gathers rows of one table, written together.
type rows struct {
	table, columns string
	all            [][]any
}

func (r *rows) add(values ...any) { r.all = append(r.all, values) }

// flush writes the rows: as a stream on PostgreSQL, by statements of several rows on SQLite.
func (r *rows) flush(ctx context.Context, tx *db.Tx) error {
	if len(r.all) == 0 {
		return nil
	}
	columns := strings.FieldsFunc(r.columns, func(c rune) bool { return c == ',' || c <= ' ' })
	if tx.Engine() == db.Postgres {
		ptx, err := tx.PG(ctx)
		if err != nil {
			return err
		}
		_, err = ptx.CopyFrom(ctx, pgx.Identifier{r.table}, columns, pgx.CopyFromRows(r.all))
		return err
	}
	const most = 160 // arguments of one statement; binding them costs the square of their number on SQLite
	for some := range slices.Chunk(r.all, max(1, most/len(columns))) {
		var sb strings.Builder
		fmt.Fprintf(&sb, `INSERT INTO %s (%s) VALUES `, r.table, r.columns)
		var args []any
		for i, row := range some {
			for j, v := range row {
				sep := ", "
				switch {
				case j > 0:
				case i > 0:
					sep = "), ("
				default:
					sep = "("
				}
				args = append(args, v)
				fmt.Fprintf(&sb, "%s$%d", sep, len(args))
			}
		}
		sb.WriteByte(')')
		if _, err := tx.Exec(ctx, sb.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

var bulkWords = strings.Fields(`order parcel invoice refund delivery address account password login payment card receipt
	broken missing late wrong colour size battery screen cable update error question thanks help please today tomorrow
	customer number street garden lamp chair table phone laptop printer paper ink window door kitchen shelf mirror clock`)

func (b *bulk) sentence(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = bulkWords[b.rnd.IntN(len(bulkWords))]
	}
	return strings.Join(words, " ")
}

func (b *bulk) chunk(ctx context.Context, tx *db.Tx, done, n int) error {
	contacts := &rows{table: "users", columns: `id, created_at, updated_at, type, email, first_name, last_name`}
	convs := &rows{table: "conversations", columns: `id, created_at, updated_at, uuid, reference_number, contact_id, inbox_id, status_id, priority_id,
		assigned_user_id, assigned_team_id, subject, waiting_since, resolved_at, last_message, last_message_at, last_message_sender, last_interaction,
		last_interaction_at, last_interaction_sender`}
	msgs := &rows{table: "messages", columns: `id, created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content, text_content,
		content_type, private, sender_id, sender_type, source_id`}
	parts := &rows{table: "conversation_participants", columns: `conversation_id, user_id, created_at`}
	tags := &rows{table: "conversation_tags", columns: `conversation_id, tag_id`}
	mentions := &rows{table: "mentions", columns: `created_at, conversation_id, message_id, mentioned_user_id, mentioned_by_user_id`}
	counts := map[[3]int64]int64{}
	span := time.Since(b.start) - time.Hour
	var contact int64
	for i := range n {
		at := db.At(b.start.Add(time.Duration(float64(span) * float64(done+i) / float64(b.o.Conversations))))
		if i%5 == 0 {
			contact = b.contact
			b.contact++
			contacts.add(contact, at, at, "contact", fmt.Sprintf("customer%d@example.net", contact), "Customer", fmt.Sprint(contact))
		}
		b.conversation(contact, at, convs, msgs, parts, counts)
		if b.o.Varied {
			b.vary(at, b.agents[0], tags, mentions)
		}
	}
	for _, r := range []*rows{contacts, convs, msgs, parts, tags, mentions} {
		if err := r.flush(ctx, tx); err != nil {
			return err
		}
	}
	return addCounts(ctx, tx, counts)
}

func (b *bulk) conversation(contact int64, at db.Time, convs, msgs, parts *rows, counts map[[3]int64]int64) {
	status, inbox := b.resolved, b.inboxes[b.rnd.IntN(len(b.inboxes))]
	if b.rnd.IntN(3) == 0 {
		status = b.open
	}
	var user, team, priority, waiting, resolved any
	key := [3]int64{0, 0, status}
	if b.rnd.IntN(10) < 7 {
		key[0] = b.agents[b.rnd.IntN(len(b.agents))]
		user = key[0]
	}
	if len(b.teams) > 0 && b.rnd.IntN(2) == 0 {
		key[1] = b.teams[b.rnd.IntN(len(b.teams))]
		team = key[1]
	}
	if b.rnd.IntN(4) == 0 {
		priority = 1 + b.rnd.IntN(3)
	}
	counts[key]++
	counts[[3]int64{-1, -1, status}]++
	last, sender, text := at, "contact", ""
	agent := b.agents[b.rnd.IntN(len(b.agents))]
	for j := range b.o.Messages {
		last = db.At(at.Add(time.Duration(j) * 7 * time.Minute))
		text = b.sentence(12 + b.rnd.IntN(20))
		kind, state, from, private := "incoming", "received", contact, false
		if sender = "contact"; j%2 == 1 {
			kind, state, sender, from, private = "outgoing", "sent", "agent", agent, b.rnd.IntN(4) == 0
		}
		msgs.add(b.msg, last, last, db.NewUUID(), b.conv, inbox, kind, state, "<p>"+text+"</p>", text, "html", private, from, sender,
			fmt.Sprintf("bulk-%d@example.net", b.msg))
		b.msg++
	}
	if status == b.open {
		waiting = last
	} else {
		resolved = last
	}
	convs.add(b.conv, at, last, uuid.NewString(), b.reference, contact, inbox, status, priority, user, team, b.sentence(5), waiting, resolved,
		text, last, sender, text, last, sender)
	parts.add(b.conv, contact, at)
	if b.o.Messages > 1 {
		parts.add(b.conv, agent, at)
	}
	b.conv++
	b.reference++
}

func addCounts(ctx context.Context, tx *db.Tx, counts map[[3]int64]int64) error {
	for k, n := range counts {
		if _, err := tx.Exec(ctx, `INSERT INTO conversation_counts (assigned_user_id, assigned_team_id, status_id, slot, n) VALUES ($1, $2, $3, 0, $4)
			ON CONFLICT (assigned_user_id, assigned_team_id, status_id, slot) DO UPDATE SET n = conversation_counts.n + excluded.n`, k[0], k[1], k[2], n); err != nil {
			return err
		}
	}
	return nil
}

// finish sets the sequences behind what was written with ids of its own, and lets the engine learn of the new sizes.
func (b *bulk) finish(tx *db.Tx) error {
	ctx := context.Background()
	statements := []string{fmt.Sprintf(`UPDATE conversation_reference SET value = %d`, b.reference-1), `ANALYZE`,
		// Samples of values (sqlite_stat4) make SQLite compile a prepared statement again for each new argument.
		`DELETE FROM sqlite_stat4`, `ANALYZE sqlite_schema`}
	if tx.Engine() == db.Postgres {
		statements = []string{fmt.Sprintf(`SELECT setval('conversation_reference', %d)`, b.reference), `ANALYZE`}
		for _, table := range []string{"users", "conversations", "messages"} {
			statements = append(statements, fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%s', 'id'), (SELECT max(id) FROM %s))`, table, table))
		}
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("finish: %w", err)
		}
	}
	return nil
}
