package search

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/filter"
)

// fill writes n conversations of one message each straight into the tables, indexes them and lets the engine learn of it.
func (k *desk) fill(n int) {
	k.Helper()
	c := k.open("Kim", "kim@a.test", "S", "hello")
	k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
		for i := range n {
			id := 1000 + i
			if _, err := tx.Exec(k.ctx, `INSERT INTO users (id, created_at, updated_at, type, email, first_name) VALUES ($1, 1, 1, 'contact', $2, 'Customer')`,
				id, fmt.Sprintf("customer%d@example.net", i)); err != nil {
				return err
			}
			if _, err := tx.Exec(k.ctx, `INSERT INTO conversations (id, created_at, updated_at, uuid, reference_number, contact_id, inbox_id, status_id, subject, last_message_at)
				VALUES ($1, 1, 1, $2, $3, $4, 1, 1, $5, 1)`, id, fmt.Sprintf("c%d", id), id, id, fmt.Sprintf("common rare%d", i%100)); err != nil {
				return err
			}
			if _, err := tx.Exec(k.ctx, `INSERT INTO messages (id, created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content, text_content, content_type, sender_id, sender_type)
				VALUES ($1, 1, 1, $2, $3, 1, 'incoming', 'received', '', $4, 'text', $3, 'contact')`, id, fmt.Sprintf("m%d", id), id,
				fmt.Sprintf("a common text about something rare%d and unique%d", i%100, i)); err != nil {
				return err
			}
		}
		return nil
	}))
	k.index()
	k.exec(`ANALYZE`)
	_ = c
}

type statement struct {
	sql  string
	args []any
}

// hotSearches are the statements of a search, for an agent who may read all and for one who may not.
func (k *desk) hotSearches(query string) map[string]statement {
	k.Helper()
	out := map[string]statement{"addresses": {k.s.addressesQuery(), []any{"mple", "mple\U0010FFFF", "%mple%"}}}
	limited := &agent.Principal{ID: 3, TeamIDs: []int64{1}, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadAssigned, role.ConversationsReadTeamAll)}
	for who, p := range map[string]*agent.Principal{"": k.admin, " limited": limited} {
		q, c, err := k.s.understand(k.ctx, p, query)
		k.must(err)
		messages, err := k.s.messageIndex(k.ctx, p, c)
		k.must(err)
		conversations, err := k.s.conversationIndex(k.ctx, p, c)
		k.must(err)
		for name, in := range map[string]index{"messages": messages, "contacts": k.s.contactIndex(), "conversations": conversations} {
			e := q.expression(c)
			matching := e.tsquery()
			if k.db.Engine() == db.SQLite {
				matching, err = e.expanded(k.ctx, k.db, in.table+"_words")
				k.must(err)
			}
			args := &filter.Args{}
			if in.few != nil && k.db.Engine() == db.SQLite {
				few := &filter.Args{}
				out["few "+name+who] = statement{in.fewest(few), few.Values()}
				some := list(k.db, []int64{1000, 1001, 1002})
				out["texts of "+name] = statement{fmt.Sprintf(kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.table == in.table })].source, anyOf(k.db)), []any{some}}
				out[name+who] = statement{in.query(oneOf(some, args), args), args.Values()}
				continue
			}
			out[name+who] = statement{in.query(k.s.matches(in, matching, walked, args), args), args.Values()}
		}
		near, err := k.s.narrow(k.ctx, c)
		k.must(err)
		args := &filter.Args{}
		out["recent"+who] = statement{k.s.recent(p, c, near, args), args.Values()}
		for i, find := range c.finders() {
			args := &filter.Args{}
			out[fmt.Sprint("probe ", i)] = statement{probe(find, fewListed, args), args.Values()}
		}
	}
	out["agents"] = statement{agentsQuery, nil}
	out["details"] = statement{k.s.detailsQuery(&conditions{}), []any{list(k.db, []int64{1000, 1001, 1002})}}
	return out
}

func BenchmarkSearchMessages(b *testing.B) {
	k := newDesk(b, dbtest.SQLite(b))
	k.fill(50_000)
	for _, query := range []string{"common", "rare7", "comm", "unique123", "common rare7", "nothing"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if _, err := k.s.Messages(k.ctx, k.admin, query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNote measures what search costs the one who adds a note: without triggers, with them, and with the index
// being written meanwhile.
func BenchmarkNote(b *testing.B) {
	for _, mode := range []string{"without search", "queued", "indexed"} {
		b.Run(mode, func(b *testing.B) {
			k := newDesk(b, dbtest.SQLite(b))
			if mode == "without search" {
				k.exec(`DROP TRIGGER search_message_new`)
			}
			var list []*conversation.Conversation
			for i := range 200 {
				list = append(list, k.open("Kim", fmt.Sprintf("kim%d@a.test", i), "S", "hello"))
			}
			if mode == "indexed" {
				defer k.run(k.s)()
			}
			var n atomic.Int64
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					_, err := k.c.SendMessage(k.ctx, k.admin, list[i%200].UUID, conversation.Send{SenderType: conversation.SenderAgent, Private: true,
						Message: fmt.Sprintf("<p>The customer called about order %d and asks for the invoice of last month to be sent to another address</p>", i)})
					if err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "notes/s")
			b.StopTimer()
			if mode == "indexed" {
				waiting, err := k.s.Waiting(k.ctx)
				k.must(err)
				b.ReportMetric(float64(waiting), "waiting")
			}
		})
	}
}
