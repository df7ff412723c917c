package conversation_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
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
