package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

func (k *desk) leo() *agent.Principal {
	return &agent.Principal{ID: 3, FirstName: "Leo", Permissions: role.SetOf(role.All...)}
}

func reply(text, seen string) conversation.Send {
	return conversation.Send{Message: "<p>" + text + "</p>", SenderType: "agent", To: []string{"kim@x.test"}, SeenMessage: seen}
}

// thread are the texts of the public messages of a conversation, newest first.
func (k *desk) thread(uuid string) (out []conversation.Message) {
	k.t.Helper()
	public := false
	page, err := k.c.Messages(k.ctx, k.admin, uuid, conversation.MessageQuery{Page: 1, PageSize: 100, Private: &public})
	k.must(err)
	return page.Results
}

// newer are the texts that a refused reply did not know.
func newer(t testing.TB, err error) (out []string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Conflict {
		t.Fatalf("no conflict: %v", err)
	}
	written, _ := f.Data.([]conversation.Message)
	for _, m := range written {
		out = append(out, m.TextContent)
	}
	return out
}

func TestReplyThatDoesNotKnowTheNewestMessageIsRefused(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.test")
		first := k.thread(c.UUID)[0].UUID
		_, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, conversation.Send{Message: "<p>a note</p>", SenderType: "agent", Private: true})
		k.must(err)
		_, err = k.c.SendMessage(k.ctx, k.leo(), c.UUID, reply("one", first)) // a note is none of the customer's
		k.must(err)
		_, err = k.c.SendMessage(k.ctx, k.leo(), c.UUID, reply("two", first)) // Leo knows what he wrote
		k.must(err)
		_, err = k.c.SendMessage(k.ctx, k.leo(), c.UUID, conversation.Send{Message: "<p>still dark</p>", SenderType: "contact"})
		k.must(err)

		late := reply("late", first)
		late.EchoID = "e1"
		_, err = k.c.SendMessage(k.ctx, k.admin, c.UUID, late)
		if got := fmt.Sprint(newer(k.t, err)); got != "[one two still dark]" {
			t.Errorf("told of %s", got)
		}
		if n := len(k.thread(c.UUID)); n != 4 {
			t.Errorf("%d messages are stored", n)
		}
		_, err = k.c.SendMessage(k.ctx, k.leo(), c.UUID, reply("three", first))
		if got := fmt.Sprint(newer(k.t, err)); got != "[still dark]" {
			t.Errorf("Leo was told of %s", got)
		}
		late.SeenMessage = k.thread(c.UUID)[0].UUID // sent anyway
		sent, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, late)
		k.must(err)
		late.SeenMessage = first // an attempt repeated is answered with what it stored
		again, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, late)
		k.must(err)
		if again.UUID != sent.UUID {
			t.Error("a repeated reply was stored again")
		}
		_, err = k.c.SendMessage(k.ctx, k.admin, c.UUID, reply("as ever", ""))
		k.must(err)
		blind := k.leo()
		blind.Permissions = role.SetOf(role.ConversationsRead, role.ConversationsReadAll, role.MessagesWrite)
		_, err = k.c.SendMessage(k.ctx, blind, c.UUID, reply("x", first))
		if got := newer(k.t, err); len(got) != 0 {
			t.Errorf("who may not read messages was told of %v", got)
		}
		other := k.open("bo@x.test")
		for _, seen := range []string{"x", "00000000-0000-4000-8000-000000000000", k.thread(other.UUID)[0].UUID} {
			if _, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, reply("x", seen)); !fault.Is(err, fault.Invalid) {
				t.Errorf("seen_message %s: %v", seen, err)
			}
		}
	})
}

func nothingLeaves(context.Context, *db.Tx, conversation.Outgoing) error { return nil }

func TestOfTwoAgentsWhoAnswerAtOnceOneLearnsOfTheOther(t *testing.T) {
	each(t, func(k *desk) {
		k.c.OnReply("email", nothingLeaves)
		for i := range 10 {
			c := k.open(fmt.Sprintf("kim%d@x.test", i))
			seen := k.thread(c.UUID)[0].UUID
			errs := make([]error, 2)
			var wg sync.WaitGroup
			for j, p := range []*agent.Principal{k.admin, k.leo()} {
				wg.Go(func() { _, errs[j] = k.c.SendMessage(k.ctx, p, c.UUID, reply(p.FirstName, seen)) })
			}
			wg.Wait()
			won, lost := 0, 1
			if errs[0] != nil {
				won, lost = 1, 0
			}
			k.must(errs[won])
			if got := newer(k.t, errs[lost]); len(got) != 1 || got[0] != []string{"Asha", "Leo"}[won] {
				t.Errorf("the second was told of %v", got)
			}
			if n := len(k.thread(c.UUID)); n != 2 {
				t.Errorf("%d messages, want the question and one answer", n)
			}
		}
	})
}

func TestDraftThatWasChangedElsewhereIsNotReplaced(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("kim@x.test")
		var told []conversation.DraftChange
		k.c.OnDraft = func(id int64, change conversation.DraftChange) {
			if id == k.admin.ID {
				told = append(told, change)
			}
		}
		save := func(content string, base *string) (*conversation.Draft, error) {
			return k.c.SaveDraft(k.ctx, k.admin, c.UUID, conversation.DraftInput{Content: content, Base: base})
		}
		none := ""
		first, err := save("one", &none)
		k.must(err)
		at := func(d *conversation.Draft) *string {
			s := d.UpdatedAt.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
			return &s
		}
		second, err := save("two", at(first))
		k.must(err)
		for _, base := range []*string{&none, at(first)} {
			_, err := save("other", base)
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Conflict {
				t.Fatalf("replaced: %v", err)
			}
			if d, ok := f.Data.(conversation.Draft); !ok || d.Content != "two" || d.UpdatedAt != second.UpdatedAt {
				t.Errorf("told of %+v", f.Data)
			}
		}
		_, err = save("three", nil)
		k.must(err)
		bad := "yesterday"
		if _, err := save("x", &bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("a bad time: %v", err)
		}
		k.must(k.c.DeleteDrafts(k.ctx, k.admin, c.UUID, ""))
		k.must(k.c.DeleteDrafts(k.ctx, k.admin, c.UUID, "")) // of nothing there is nothing to tell
		_, err = save("after it was deleted", at(second))
		k.must(err)
		if len(told) != 5 || told[0].ConversationUUID != c.UUID || *told[1].UpdatedAt != second.UpdatedAt || told[3].UpdatedAt != nil || told[3].Type != "reply" {
			t.Errorf("told %+v", told)
		}
	})
}
