package conversation_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/tag"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// wire is a bus of two nodes.
type wire struct {
	bus.Local
	other  *wire
	notice func(payload string)
}

func (w *wire) Subscribe(_ string, fn func(string)) { w.notice = fn }
func (w *wire) Publish(_, payload string)           { w.other.notice(payload) }

// TestNamesOfTagsAreTrueAtOnce holds what is remembered of tags against their changes: at once where they are made, and on another
// node as soon as it tells of the change.
func TestNamesOfTagsAreTrueAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		log := slog.New(slog.DiscardHandler)
		ours, theirs := &wire{}, &wire{}
		ours.other, theirs.other = theirs, ours
		events, elsewhere := event.NewLog(d, ours, log), event.NewLog(d, theirs, log)
		here, there := conversation.New(d, events, nil, noFiles{}), conversation.New(d, elsewhere, nil, noFiles{})
		told := make(chan struct{}, 100)
		elsewhere.Listen(func(e event.Event) {
			if e.Type == event.ReferenceChanged {
				told <- struct{}{}
			}
		})
		ctx, stop := context.WithCancel(k.ctx)
		var done []chan struct{}
		for _, l := range []*event.Log{events, elsewhere} {
			ended := make(chan struct{})
			done = append(done, ended)
			go func() { defer close(ended); l.Run(ctx) }()
		}
		defer func() {
			stop()
			for _, ended := range done {
				<-ended
			}
		}()

		tags := tag.New(d, events)
		uuid := k.open("kim@customer.test").UUID
		shown := func(node *conversation.Service, want ...string) {
			k.t.Helper()
			page, err := node.List(k.ctx, k.admin, conversation.ListQuery{Page: 1, PageSize: 30})
			k.must(err)
			if got := page.Results[0].Tags; !slices.Equal(got, want) {
				k.t.Errorf("a row has tags %q, not %q", got, want)
			}
			rows, err := node.Rows(k.ctx, []int64{page.Results[0].ID})
			k.must(err)
			if got := rows[page.Results[0].ID].Tags; !slices.Equal(got, want) {
				k.t.Errorf("a row of an event has tags %q, not %q", got, want)
			}
			c, err := node.Get(k.ctx, k.admin, uuid)
			k.must(err)
			if !slices.Equal(c.Tags, want) {
				k.t.Errorf("the conversation has tags %q, not %q", c.Tags, want)
			}
		}
		changed := func(err error, want ...string) {
			k.t.Helper()
			k.must(err)
			shown(here, want...)
			<-told
			shown(there, want...)
		}
		shown(here)
		shown(there)
		k.must(k.c.SetTags(k.ctx, k.admin, uuid, "set_tags", []string{"c", "a"}))
		shown(here, "a", "c")
		shown(there, "a", "c")

		_, err := tags.Rename(k.ctx, 1, "z")
		changed(err, "c", "z")
		changed(tags.Delete(k.ctx, 3), "z")
		_, err = tags.Create(k.ctx, "d")
		changed(err, "z")
		k.must(k.c.SetTags(k.ctx, k.admin, uuid, "add_tags", []string{"d"}))
		shown(here, "d", "z")
		shown(there, "d", "z")

		// Made by another process, which tells nobody.
		k.must(d.Tx(k.ctx, func(tx *db.Tx) error {
			for _, query := range []string{`INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'quiet')`,
				`INSERT INTO conversation_tags (conversation_id, tag_id) SELECT c.id, t.id FROM conversations c, tags t WHERE t.name = 'quiet'`} {
				if _, err := tx.Exec(k.ctx, query); err != nil {
					return err
				}
			}
			return nil
		}))
		shown(here, "d", "quiet", "z")
	})
}

// TestOtherConversationsOfAContactAreShown holds what is read of them with a conversation against what is there.
func TestOtherConversationsOfAContactAreShown(t *testing.T) {
	each(t, func(k *desk) {
		const odd = "\"quoted\" \\ <b> 日本 é &"
		var made []*conversation.Conversation
		for n := range 13 {
			c, err := k.c.Create(k.ctx, k.admin, conversation.Create{InboxID: 1, ContactEmail: "kim@customer.test", FirstName: "Kim", LastName: "Öz",
				Subject: fmt.Sprintf("%d %s", n, odd), Content: "<p>hi " + fmt.Sprint(n) + "</p>", Initiator: "contact"})
			k.must(err)
			made = append(made, k.get(c.UUID))
		}
		k.open("someone@else.test")
		leo := &agent.Principal{ID: 3, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadAssigned)}
		mine := made[3]
		for _, c := range []*conversation.Conversation{made[0], mine} {
			k.must(k.c.AssignAgent(k.ctx, k.admin, c.UUID, &leo.ID))
		}
		k.must(k.c.SetStatus(k.ctx, k.admin, mine.UUID, conversation.Resolved, nil))
		for i := range made {
			made[i] = k.get(made[i].UUID)
		}
		slices.Reverse(made) // the newest first
		last := made[0]
		if n := len(last.PreviousConversations); n != 10 {
			k.t.Fatalf("%d others", n)
		}
		for i, got := range last.PreviousConversations {
			c := made[i+1]
			want := conversation.Previous{ID: c.ID, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, UUID: c.UUID, Subject: *c.Subject, Status: c.Status,
				Contact: conversation.Person{FirstName: "Kim", LastName: "Öz"}, LastMessage: c.LastMessage, LastMessageAt: c.LastMessageAt, ReferenceNumber: c.ReferenceNumber}
			if !reflect.DeepEqual(got, want) {
				k.t.Errorf("other %d is %+v, not %+v", i, got, want)
			}
		}
		c, err := k.c.Get(k.ctx, leo, mine.UUID)
		k.must(err)
		if p := c.PreviousConversations; len(p) != 1 || p[0].ID != made[len(made)-1].ID {
			k.t.Errorf("who reads what is assigned to him is shown %+v", p)
		}
	})
}
