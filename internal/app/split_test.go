package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// A thread in which a customer began something else becomes two. Answers to what was split off come to the new one, even by the
// reply address of the old one, which its mails were sent with.
func TestSplitOffMessagesGoOnInAConversationOfTheirOwn(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("lamp@x.test", "bo@x.test", "Lamp", "It is dark."))
		lamp := d.waitConversations(1).Results[0].UUID
		d.deliver(s, rawMail("bill@x.test", "bo@x.test", "Re: Lamp", "And my bill is wrong.", "In-Reply-To: <lamp@x.test>"))
		eventually(t, "the second mail", func() bool { return len(d.messages(lamp)) == 2 })
		reply := d.reply(lamp, "bo@x.test")
		d.waitState(reply, "sent")
		sent := parsed(t, s.Sent()[0].Raw)
		second := d.messages(lamp)[1].UUID

		var made conv
		d.admin.ok(http.MethodPost, at(lamp, "/split"), map[string]any{"message": second}, &made)
		if made.UUID == lamp || made.ReferenceNumber == "" || made.WaitingSince != nil || d.joined(lamp).Waiting == nil {
			t.Fatalf("made %+v", made)
		}
		if was, is := d.messages(lamp), d.messages(made.UUID); len(was) != 1 || len(is) != 2 || is[0].UUID != second || is[1].UUID != reply {
			t.Fatalf("left %+v, went %+v", was, is)
		}
		for uuid, kind := range map[string]string{lamp: "split_into", made.UUID: "split_from"} {
			if d.activities(uuid, kind) != 1 {
				t.Errorf("no line %s", kind)
			}
		}
		d.balanced()

		d.deliver(s, rawMail("answer@x.test", "bo@x.test", "Re: Lamp", "About the bill", "In-Reply-To: <"+sent.MessageID+">", "Delivered-To: "+sent.ReplyTo[0].Email))
		eventually(t, "the answer to what was split off", func() bool { return len(d.messages(made.UUID)) == 3 })
		d.deliver(s, rawMail("first@x.test", "bo@x.test", "Re: Lamp", "About the lamp", "In-Reply-To: <lamp@x.test>", "Delivered-To: "+sent.ReplyTo[0].Email))
		eventually(t, "the answer to what stayed", func() bool { return len(d.messages(lamp)) == 2 })

		// One message only, which leaves what came after it; and back by merging.
		var one conv
		d.admin.ok(http.MethodPost, at(made.UUID, "/split"), map[string]any{"message": reply, "only": true}, &one)
		if len(d.messages(made.UUID)) != 2 || len(d.messages(one.UUID)) != 1 || d.joined(made.UUID).Waiting == nil {
			t.Errorf("left %+v", d.messages(made.UUID))
		}
		d.merge(made.UUID, one.UUID)
		if back := d.messages(made.UUID); len(back) != 3 || back[1].UUID != reply || d.joined(made.UUID).Waiting == nil {
			t.Errorf("back %+v", back)
		}
		d.balanced()
	})
}

// Taken back at once, a split has not been: the conversation reads as before, and is shown as before.
func TestPartThatIsMergedBackUntouchedLeavesNoTrace(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		lamp := o.from("kim@x.test", map[string]any{"tags": []string{}}).UUID
		note := o.write(o.admin, lamp, "look at this", map[string]any{"private": true}).UUID
		shown := func() (c struct {
			LastMessage   string `json:"last_message"`
			LastMessageAt string `json:"last_message_at"`
		}) {
			o.admin.ok(http.MethodGet, at(lamp), nil, &c)
			return c
		}
		split := func() (made conv) {
			o.admin.ok(http.MethodPost, at(lamp, "/split"), map[string]any{"message": note}, &made)
			return made
		}
		before, lines := shown(), o.lines(lamp)
		made := split()
		if slices.Equal(lines, o.lines(lamp)) || shown() == before {
			t.Fatal("a split leaves no line")
		}
		o.merge(lamp, made.UUID)
		if is := shown(); is != before || !slices.Equal(lines, o.lines(lamp)) || len(o.messages(lamp)) != 2 {
			t.Errorf("%+v with %v, before %+v with %v", is, o.lines(lamp), before, lines)
		}
		o.admin.ok(http.MethodPost, at(lamp, "/unmerge"), map[string]any{"uuids": []string{made.UUID}}, nil)
		if is := o.messages(made.UUID); len(is) != 1 || is[0].UUID != note {
			t.Errorf("done again: %+v", is)
		}
		o.balanced()

		// What somebody worked with was there.
		worked := o.from("kim@x.test", map[string]any{"tags": []string{}}).UUID
		second := o.write(o.admin, worked, "look at this", map[string]any{"private": true}).UUID
		var part conv
		o.admin.ok(http.MethodPost, at(worked, "/split"), map[string]any{"message": second}, &part)
		o.write(o.admin, part.UUID, "and at that", map[string]any{"private": true})
		o.merge(worked, part.UUID)
		for _, kind := range []string{"split_into", "split_from", "merged_from"} {
			if !slices.Contains(o.lines(worked), kind) {
				t.Errorf("no line %s", kind)
			}
		}
	})
}

func TestWhatCannotBeSplitIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		lamp := o.from("kim@x.test", map[string]any{"agent_id": o.annID, "tags": []string{}}).UUID
		first := o.messages(lamp)[0].UUID
		note := o.write(o.ann, lamp, "look at this", map[string]any{"private": true}).UUID
		var lines struct{ Results []message }
		o.admin.ok(http.MethodGet, at(lamp, "/messages?type=activity"), nil, &lines)
		for _, try := range []struct {
			name, message string
			who           *client
			code          int
		}{
			{"who may change nothing", note, o.none, 403},
			{"who may not read it", note, o.bob, 403},
			{"no uuid", "x", o.admin, 400},
			{"what is not there", "00000000-0000-4000-8000-000000000000", o.admin, 404},
			{"a line", lines.Results[0].UUID, o.admin, 404},
			{"everything", first, o.admin, 409},
		} {
			if code, body := try.who.do(http.MethodPost, at(lamp, "/split"), map[string]any{"message": try.message}); code != try.code {
				t.Errorf("%s: %d %s", try.name, code, body)
			}
		}
		// A note goes as any message does, to a conversation that its agent has, too.
		var made conv
		o.ann.ok(http.MethodPost, at(lamp, "/split"), map[string]any{"message": note}, &made)
		if made.Subject != "Lamp - #"+made.ReferenceNumber || made.AssignedUserID == nil || *made.AssignedUserID != o.annID || len(o.messages(made.UUID)) != 1 {
			t.Errorf("made %+v", made)
		}
		o.admin.ok(http.MethodPut, at(lamp, "/trash"), nil, nil)
		if code, body := o.admin.do(http.MethodPost, at(lamp, "/split"), map[string]any{"message": first, "only": true}); code != 409 || !strings.Contains(string(body), "trash") {
			t.Errorf("in the trash: %d %s", code, body)
		}
		if !slices.Contains(o.lines(lamp), "split_into") {
			t.Error("no line")
		}
		o.balanced()
	})
}
