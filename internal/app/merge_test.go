package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// joined is a conversation as far as merging shows in it.
type joined struct {
	UUID       string  `json:"uuid"`
	Reference  string  `json:"reference_number"`
	Status     string  `json:"status"`
	Waiting    *string `json:"waiting_since"`
	Tags       []string
	MergedFrom []struct {
		UUID      string   `json:"uuid"`
		Reference string   `json:"reference_number"`
		Emails    []string `json:"contact_emails"`
	} `json:"merged_from"`
}

func (d *desk) joined(uuid string) (c joined) {
	d.t.Helper()
	d.admin.ok(http.MethodGet, at(uuid), nil, &c)
	return c
}

func (d *desk) merge(into string, from ...string) (c joined) {
	d.t.Helper()
	d.admin.ok(http.MethodPost, at(into, "/merge"), map[string]any{"uuids": from}, &c)
	return c
}

func (d *desk) balanced() {
	d.t.Helper()
	if wrong, err := d.app.Conversations.CheckCounts(d.t.Context()); err != nil || len(wrong) > 0 {
		d.t.Errorf("counts %v, %v", wrong, err)
	}
}

// Two customers who wrote about one thing have one conversation after a merge. Whatever they answer, by whichever way, arrives
// there, and what waited to leave leaves once. Separated again each has what was theirs.
func TestMergedConversationLeadsEverybodyToItsTarget(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		d, s := startDesk(t, url), startMail(t)
		d.addInbox(s)
		d.deliver(s, rawMail("lamp@x.test", "bo@x.test", "Lamp", "It is dark."))
		lamp := d.waitConversations(1).Results[0].UUID
		d.deliver(s, rawMail("bulb@x.test", "eve@x.test", "Bulb", "And the zanzibar bulb?"))
		d.waitConversations(2)
		bulb := d.find("Bulb")
		d.admin.ok(http.MethodPut, at(lamp, "/status"), map[string]string{"status": "Resolved"}, nil)
		var held struct{ UUID string }
		d.admin.ok(http.MethodPost, at(bulb, "/messages"), map[string]any{"message": "<p>later</p>", "sender_type": "agent", "to": []string{"eve@x.test"}, "send_at": inAnHour()}, &held)
		eventually(t, "the bulb to be found", func() bool { return d.finds("zanzibar") == 1 })

		c := d.merge(lamp, bulb)
		if c.UUID != lamp || len(c.MergedFrom) != 1 || c.MergedFrom[0].UUID != bulb || c.Status != "Open" || c.Waiting == nil {
			t.Fatalf("merged %+v", c)
		}
		if !slices.Equal(c.MergedFrom[0].Emails, []string{"eve@x.test"}) {
			t.Errorf("replies are to reach %v, too", c.MergedFrom[0].Emails)
		}
		if led := d.joined(bulb); led.UUID != lamp {
			t.Fatalf("led to %+v", led)
		}
		if l := d.all(); l.Total != 1 || l.Results[0].UUID != lamp {
			t.Fatalf("listed %+v", l)
		}
		d.balanced()
		var found []struct{ UUID string }
		d.admin.ok(http.MethodGet, "/api/v1/conversations/search?query=%23"+c.MergedFrom[0].Reference, nil, &found)
		if d.finds("zanzibar") != 1 || len(found) != 1 || found[0].UUID != lamp {
			t.Errorf("found %+v", found)
		}

		// By Message-ID, and by the address of the conversation that is no more.
		d.deliver(s, rawMail("again@x.test", "eve@x.test", "Re: Bulb", "By Message-ID", "In-Reply-To: <bulb@x.test>"))
		d.deliver(s, rawMail("address@x.test", "eve@x.test", "Other words", "By address", "Delivered-To: help+conv-"+bulb+"@acme.test"))
		eventually(t, "both answers", func() bool { return len(d.messages(lamp)) == 4 })
		// A tab that still shows the old one writes into the new one.
		d.admin.ok(http.MethodPost, at(bulb, "/held/"+held.UUID+"/send"), nil, nil)
		eventually(t, "the reply to leave", func() bool { return len(s.Sent()) == 1 })
		if to := parsed(t, s.Sent()[0].Raw).ReplyTo[0].Email; !strings.Contains(to, lamp) {
			t.Errorf("answers go to %s", to)
		}
		d.waitState(held.UUID, "sent")
		if d.joined(lamp).Waiting != nil {
			t.Error("the customer still waits")
		}

		var apart joined
		d.admin.ok(http.MethodPost, at(lamp, "/unmerge"), map[string]any{"uuids": []string{bulb}}, &apart)
		if len(apart.MergedFrom) != 0 || len(d.messages(lamp)) != 4 { // what was written since stays
			t.Errorf("separated %+v: %d messages", apart, len(d.messages(lamp)))
		}
		if texts := d.messages(bulb); len(texts) != 1 || d.joined(bulb).UUID != bulb || d.joined(bulb).Status != "Open" {
			t.Errorf("back: %+v", texts)
		}
		d.balanced()
		if len(s.Sent()) != 1 {
			t.Errorf("%d mails left", len(s.Sent()))
		}
		_, log := d.admin.do(http.MethodGet, "/api/v1/activity-logs?page_size=5", nil)
		for _, kind := range []string{"conversation_merged", "conversation_unmerged"} {
			if !strings.Contains(string(log), kind) {
				t.Errorf("no %s in the activity log", kind)
			}
		}
	})
}

// find returns the conversation with a subject.
func (d *desk) find(subject string) string {
	d.t.Helper()
	for _, r := range d.all().Results {
		if r.Subject == subject {
			return r.UUID
		}
	}
	d.t.Fatalf("no conversation %q", subject)
	return ""
}

func TestWhatCannotBeMergedIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		open := func(subject string, more map[string]any) string {
			return o.from("kim@x.test", more2(more, "subject", subject)).UUID
		}
		one, two, spam, foreign := open("One", nil), open("Two", nil), open("Spam", nil), open("Foreign", map[string]any{"agent_id": o.annID})
		gone, target := open("Gone", nil), open("Target", nil)
		o.admin.ok(http.MethodPut, at(spam, "/spam"), nil, nil)
		o.merge(target, gone)
		before := o.all()
		for _, try := range []struct {
			name  string
			who   *client
			path  string
			uuids []string
			code  int
			says  string
		}{
			{"a guest", newClient(t, o.app.URL()), at(one, "/merge"), []string{two}, 403, ""},
			{"who may change nothing", o.none, at(one, "/merge"), []string{two}, 403, ""},
			{"who may not read the other", o.bob, at(one, "/merge"), []string{two, foreign}, 403, ""},
			{"who may not read the target", o.bob, at(foreign, "/merge"), []string{two}, 403, ""},
			{"nothing", o.admin, at(one, "/merge"), nil, 400, "uuids"},
			{"no uuid", o.admin, at(one, "/merge"), []string{"x"}, 400, "uuids"},
			{"itself", o.admin, at(one, "/merge"), []string{two, one}, 400, "uuids"},
			{"what is not there", o.admin, at(one, "/merge"), []string{two, "00000000-0000-4000-8000-000000000000"}, 404, ""},
			{"into what is not there", o.admin, at("00000000-0000-4000-8000-000000000000", "/merge"), []string{two}, 404, ""},
			{"spam", o.admin, at(one, "/merge"), []string{two, spam}, 409, "spam"},
			{"into spam", o.admin, at(spam, "/merge"), []string{two}, 409, "spam"},
			{"what is merged", o.admin, at(one, "/merge"), []string{two, gone}, 409, ""},
			{"into what is merged", o.admin, at(gone, "/merge"), []string{two}, 409, ""},
			{"too many", o.admin, at(one, "/merge"), manyUUIDs(51), 400, "uuids"},
			{"what was not merged", o.admin, at(one, "/unmerge"), []string{two}, 409, ""},
			{"from another", o.admin, at(one, "/unmerge"), []string{gone}, 409, ""},
			{"who may not separate", o.none, at(target, "/unmerge"), []string{gone}, 403, ""},
		} {
			if code, body := try.who.do(http.MethodPost, try.path, map[string]any{"uuids": try.uuids}); code != try.code || !strings.Contains(string(body), try.says) {
				t.Errorf("%s: %d %s", try.name, code, body)
			}
		}
		if after := o.all(); after.Total != before.Total || fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("something changed: %+v, was %+v", after, before)
		}
		// A change of many that meets one that was merged refuses it alone.
		var j bulkStatus
		o.admin.ok(http.MethodPost, "/api/v1/conversations/bulk", map[string]any{"uuids": []string{one, gone}, "action": map[string]any{"type": "status", "status": "Closed"}}, &j)
		eventually(t, "the change of many", func() bool {
			o.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/bulk/%d", j.ID), nil, &j)
			return !j.Running
		})
		if j.Done != 1 || j.Refused != 1 || o.joined(target).Status != "Open" {
			t.Errorf("many: %+v", j)
		}
		o.balanced()
	})
}

func more2(fields map[string]any, key string, value any) map[string]any {
	out := map[string]any{key: value}
	for k, v := range fields {
		out[k] = v
	}
	return out
}

func manyUUIDs(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	return out
}

// Two agents who merge the same two, each into the other, at the same moment never lead anybody in a circle.
func TestMergingEachIntoTheOtherMakesNoCircle(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		for range 5 {
			a, b := o.from("kim@x.test", nil).UUID, o.from("kim@x.test", nil).UUID
			codes := make([]int, 2)
			var both sync.WaitGroup
			for i, pair := range [][2]string{{a, b}, {b, a}} {
				both.Go(func() {
					codes[i], _ = o.admin.do(http.MethodPost, at(pair[0], "/merge"), map[string]any{"uuids": []string{pair[1]}})
				})
			}
			both.Wait()
			slices.Sort(codes)
			if !slices.Equal(codes, []int{200, 409}) {
				t.Fatalf("codes %v", codes)
			}
			if one, other := o.joined(a), o.joined(b); one.UUID != other.UUID {
				t.Fatalf("led to %s and %s", one.UUID, other.UUID)
			}
		}
		o.balanced()
	})
}

// What agents were told, and what they hear live, goes with the messages; erasing a contact takes what was theirs wherever it is.
func TestMergeIsToldAndForgottenWithItsContact(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		lamp, bulb := o.from("kim@x.test", nil), o.from("eve@x.test", map[string]any{"first_name": "Eve", "content": "<p>quagga</p>"})
		o.assign(lamp.UUID, o.annID)
		o.assign(bulb.UUID, o.annID)
		o.customer(bulb.UUID, "any news?")
		unread := o.ann.unread()
		sock := o.ann.dial("")
		sock.write(fmt.Sprintf(`{"type":"conversation_subscribe","data":{"conversation_uuid":%q}}`, bulb.UUID))
		sock.settle()
		o.merge(lamp.UUID, bulb.UUID)
		sock.next("conversation_update", lamp.UUID) // it says where it went
		if n := o.ann.unread(); n != unread {
			t.Errorf("%d unread notifications, were %d", n, unread)
		}
		for _, n := range o.ann.notifications() {
			if *n.ConversationUUID != lamp.UUID {
				t.Errorf("told of %s", *n.ConversationUUID)
			}
		}
		o.ann.ok(http.MethodPut, at(lamp.UUID, "/last-seen"), nil, nil)
		if got := len(o.messages(lamp.UUID)); got != 3 {
			t.Fatalf("%d messages", got)
		}
		o.admin.ok(http.MethodDelete, fmt.Sprintf("/api/v1/contacts/%d?conversations=delete", bulb.ContactID), nil, nil)
		eventually(t, "what was Eve's to be gone", func() bool { return len(o.messages(lamp.UUID)) == 1 })
		if code, _ := o.admin.do(http.MethodGet, at(bulb.UUID), nil); code != 404 {
			t.Errorf("the erased leads to %d", code)
		}
		o.balanced()
		// A conversation that is deleted for good takes what was merged into it with it.
		more := o.from("kim@x.test", nil)
		o.merge(lamp.UUID, more.UUID)
		o.admin.ok(http.MethodPut, at(lamp.UUID, "/trash"), nil, nil)
		o.admin.ok(http.MethodDelete, at(lamp.UUID), nil, nil)
		if code, _ := o.admin.do(http.MethodGet, at(more.UUID), nil); code != 404 {
			t.Errorf("the deleted leads to %d", code)
		}
		o.balanced()
	})
}
