package conversation_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// heldDesk is a desk whose agents Asha and Leo hold their roles in the database, as they must when a reply leaves.
func heldDesk(t *testing.T, fn func(k *desk)) {
	each(t, func(k *desk) {
		k.exec(`INSERT INTO roles (id, created_at, updated_at, name, description, permissions) VALUES (90, 1, 1, 'All', '', '` + string(db.ToJSON(role.All)) + `')`)
		k.exec(`INSERT INTO user_roles (user_id, role_id) VALUES (2, 90), (3, 90)`)
		fn(k)
	})
}

func (k *desk) exec(query string, args ...any) {
	k.t.Helper()
	k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(k.ctx, query, args...)
		return err
	}))
}

func undoable(text string) conversation.Send {
	in := reply(text, "")
	in.Hold = 10 * time.Second
	return in
}

func scheduled(text string) conversation.Send {
	in := reply(text, "")
	at := db.At(time.Now().Add(time.Hour))
	in.SendAt = &at
	return in
}

func (k *desk) hold(p *agent.Principal, c *conversation.Conversation, in conversation.Send) *conversation.Message {
	k.t.Helper()
	m, err := k.c.SendMessage(k.ctx, p, c.UUID, in)
	k.must(err)
	if m.Held == nil || m.Status != "pending" {
		k.t.Fatalf("not held: %+v", m)
	}
	return m
}

// due is the job of a held reply.
func (k *desk) due(uuid string) (job conversation.ReleaseJob) {
	k.t.Helper()
	k.must(k.db.QueryRow(k.ctx, `SELECT id, send_at FROM held_replies WHERE uuid = $1`, uuid).Scan(&job.HeldID, &job.SendAt))
	return job
}

func (k *desk) heldOf(c *conversation.Conversation) []conversation.Message {
	k.t.Helper()
	ms, err := k.c.HeldReplies(k.ctx, k.admin, c.UUID)
	k.must(err)
	return ms
}

func TestHeldReplyLeavesOnceAsTheMessageItWasAnsweredAs(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		in := undoable("Hello {{ .Contact.FirstName }}")
		in.EchoID, in.Status, in.CC = "e1", "Resolved", []string{"cc@x.test"}
		m := k.hold(k.admin, c, in)
		if m.TextContent != "Hello Kim" || m.Held.Kind != "undo" || m.Held.Status != "Resolved" || m.Author.FirstName != "Asha" {
			k.t.Errorf("shown as %+v", m)
		}
		if again := k.hold(k.admin, c, in); again.UUID != m.UUID {
			k.t.Error("a repeated request is held twice")
		}
		before := k.get(c.UUID)
		if len(k.thread(c.UUID)) != 1 || before.Version != c.Version || before.Status != "Open" || len(k.queued) != 0 {
			k.t.Errorf("a held reply left traces: %+v", before)
		}
		job := k.due(m.UUID)
		for range 2 {
			k.must(k.c.Release(k.ctx, job))
		}
		sent := k.thread(c.UUID)
		if len(sent) != 2 || sent[0].UUID != m.UUID || sent[0].Held != nil || sent[0].TextContent != "Hello Kim" || len(k.queued) != 1 {
			k.t.Fatalf("%d messages, %d queued", len(sent), len(k.queued))
		}
		if !strings.Contains(string(sent[0].Meta), `"cc@x.test"`) || k.get(c.UUID).Status != "Resolved" || len(k.heldOf(c)) != 0 {
			k.t.Errorf("meta %s, status %s", sent[0].Meta, k.get(c.UUID).Status)
		}
		late, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, in)
		k.must(err)
		if late.UUID != m.UUID || len(k.thread(c.UUID)) != 2 {
			k.t.Error("a request repeated after the hold is sent again")
		}
		k.checkCounts()
	})
}

func TestReplyTakenBackIsADraftAndNeverLeaves(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		_, err := k.c.SaveDraft(k.ctx, k.admin, c.UUID, conversation.DraftInput{Content: "<p>something newer</p>"})
		k.must(err)
		in := undoable("Oops")
		in.BCC = []string{"boss@acme.test"}
		m := k.hold(k.admin, c, in)
		job := k.due(m.UUID)
		d, err := k.c.Withdraw(k.ctx, k.admin, c.UUID, m.UUID)
		k.must(err)
		if d.Content != "<p>Oops</p>" || !strings.Contains(string(d.Meta), "boss@acme.test") || !strings.Contains(string(d.Meta), "kim@x.test") {
			k.t.Errorf("draft %+v", d)
		}
		versions, err := k.c.DraftVersions(k.ctx, k.admin, c.UUID, "reply")
		k.must(err)
		if len(versions) != 1 || versions[0].Content != "<p>something newer</p>" {
			k.t.Errorf("what the draft said before is lost: %v", versions)
		}
		k.must(k.c.Release(k.ctx, job))
		if len(k.thread(c.UUID)) != 1 || len(k.queued) != 0 {
			k.t.Error("it left all the same")
		}
		if _, err := k.c.Withdraw(k.ctx, k.admin, c.UUID, m.UUID); !fault.Is(err, fault.NotFound) {
			k.t.Errorf("taken back twice: %v", err)
		}
		gone := k.hold(k.admin, c, undoable("Bye"))
		k.must(k.c.Release(k.ctx, k.due(gone.UUID)))
		if _, err := k.c.Withdraw(k.ctx, k.admin, c.UUID, gone.UUID); !fault.Is(err, fault.Conflict) {
			k.t.Errorf("taken back after it left: %v", err)
		}
	})
}

func TestUndoAndReleaseAtOnceHaveOneOutcome(t *testing.T) {
	heldDesk(t, func(k *desk) {
		for i := range 8 {
			c := k.open(fmt.Sprintf("kim%d@x.test", i))
			m := k.hold(k.admin, c, undoable("Now or never"))
			job := k.due(m.UUID)
			var undone, released error
			var both sync.WaitGroup
			both.Go(func() { released = k.c.Release(k.ctx, job) })
			both.Go(func() { _, undone = k.c.Withdraw(k.ctx, k.admin, c.UUID, m.UUID) })
			both.Wait()
			k.must(released)
			left := len(k.thread(c.UUID)) == 2
			if left != fault.Is(undone, fault.Conflict) || (!left && undone != nil) {
				k.t.Fatalf("left: %v, undo answered %v", left, undone)
			}
		}
	})
}

func TestReplyThatAColleagueMayStillUndoCountsAsWritten(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		first := k.thread(c.UUID)[0].UUID
		theirs := k.hold(k.leo(), c, undoable("I take this"))
		mine := reply("Me too", first)
		_, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, mine)
		if got := newer(k.t, err); fmt.Sprint(got) != "[I take this]" {
			k.t.Fatalf("told of %v", got)
		}
		mine.SeenHeld = []string{theirs.UUID}
		k.must(k.c.Release(k.ctx, k.due(theirs.UUID))) // known is known, whether it left or not
		_, err = k.c.SendMessage(k.ctx, k.admin, c.UUID, mine)
		k.must(err)
		k.hold(k.leo(), c, scheduled("Tomorrow"))
		_, err = k.c.SendMessage(k.ctx, k.admin, c.UUID, reply("Today", k.thread(c.UUID)[0].UUID))
		k.must(err)
	})
}

func TestScheduledReplyStopsWhenTheCustomerWasFaster(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		in := scheduled("Any news?")
		in.UnlessAnswered = true
		m := k.hold(k.admin, c, in)
		_, err := k.c.SendMessage(k.ctx, k.leo(), c.UUID, conversation.Send{Message: "<p>Solved</p>", SenderType: "contact"})
		k.must(err)
		k.must(k.c.Release(k.ctx, k.due(m.UUID)))
		held := k.heldOf(c)
		if len(held) != 1 || held[0].Held.Stopped != "answered" || len(k.queued) != 0 {
			k.t.Fatalf("held %+v", held)
		}
		if _, err := k.c.SendHeld(k.ctx, k.leo(), c.UUID, m.UUID); !fault.Is(err, fault.Forbidden) {
			k.t.Errorf("somebody else sends it: %v", err)
		}
		sent, err := k.c.SendHeld(k.ctx, k.admin, c.UUID, m.UUID)
		k.must(err)
		if sent.UUID != m.UUID || len(k.queued) != 1 {
			k.t.Errorf("sent %+v", sent)
		}
		if _, err := k.c.SendHeld(k.ctx, k.admin, c.UUID, m.UUID); !fault.Is(err, fault.Conflict) {
			k.t.Errorf("sent twice: %v", err)
		}
	})
}

func TestHeldReplyIsMovedAndItsOldTimePassed(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		m := k.hold(k.admin, c, undoable("Later"))
		old := k.due(m.UUID)
		later := db.At(time.Now().Add(48 * time.Hour))
		moved, err := k.c.MoveHeld(k.ctx, k.admin, c.UUID, m.UUID, later)
		k.must(err)
		if moved.Held.Kind != "scheduled" || !moved.Held.SendAt.Equal(later.Time) {
			k.t.Errorf("moved to %+v", moved.Held)
		}
		k.must(k.c.Release(k.ctx, old))
		if len(k.queued) != 0 {
			k.t.Error("it left at its old time")
		}
	})
}

func TestReplyOfAnAgentWhoIsGoneStops(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		m := k.hold(k.leo(), c, scheduled("Bye"))
		k.exec(`UPDATE users SET enabled = FALSE WHERE id = 3`)
		k.must(k.c.Release(k.ctx, k.due(m.UUID)))
		if held := k.heldOf(c); len(held) != 1 || held[0].Held.Stopped != "forbidden" || len(k.queued) != 0 {
			k.t.Fatalf("held %+v", held)
		}
		d, err := k.c.Withdraw(k.ctx, k.admin, c.UUID, m.UUID) // there is nobody else to have it
		k.must(err)
		if d == nil || d.Content != "<p>Bye</p>" {
			k.t.Errorf("draft %+v", d)
		}
	})
}

func TestReplyOfAColleagueTakenBackIsTheirDraft(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		m := k.hold(k.leo(), c, scheduled("Wait"))
		d, err := k.c.Withdraw(k.ctx, k.admin, c.UUID, m.UUID)
		k.must(err)
		theirs, err := k.c.Drafts(k.ctx, k.leo())
		k.must(err)
		if d != nil || len(theirs) != 1 || theirs[0].Content != "<p>Wait</p>" {
			k.t.Errorf("mine %v, theirs %v", d, theirs)
		}
	})
}

func TestWhatCannotLeaveIsNotHeld(t *testing.T) {
	heldDesk(t, func(k *desk) {
		c := k.open("kim@x.test")
		past, far := db.At(time.Now().Add(-time.Minute)), db.At(time.Now().Add(400*24*time.Hour))
		note := scheduled("x")
		note.Private = true
		nobody, snoozed := scheduled("x"), undoable("x")
		nobody.To, snoozed.Status = nil, "Snoozed"
		early, late := scheduled("x"), scheduled("x")
		early.SendAt, late.SendAt = &past, &far
		for name, in := range map[string]conversation.Send{"a note": note, "to nobody": nobody, "the past": early, "in years": late, "snoozed": snoozed} {
			if _, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, in); !fault.Is(err, fault.Invalid) {
				k.t.Errorf("%s: %v", name, err)
			}
		}
		if len(k.heldOf(c)) != 0 {
			k.t.Error("something is held")
		}
		blind := &agent.Principal{ID: 3, Permissions: role.SetOf(role.MessagesWrite)}
		if _, err := k.c.HeldReplies(k.ctx, blind, c.UUID); !fault.Is(err, fault.Forbidden) {
			k.t.Errorf("shown to somebody who may not read: %v", err)
		}
	})
}
