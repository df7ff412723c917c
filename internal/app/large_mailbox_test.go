package app_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// patiently waits for a number to be reached, for as long as it grows.
func patiently(t testing.TB, what string, count func() int, want int) {
	t.Helper()
	last, grown := -1, time.Now()
	for {
		n := count()
		if n >= want {
			return
		}
		if n > last {
			last, grown = n, time.Now()
		}
		if time.Since(grown) > time.Minute {
			t.Fatalf("waited in vain for %s: %d of %d", what, n, want)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// peak returns the most memory that the desk had since it was started, in MB; 0 where the system does not say.
func (c *child) peak() int { return c.memory("VmHWM") }

// memory returns what the system says of the desk's memory, in MB; 0 where it does not.
func (c *child) memory(what string) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	found := regexp.MustCompile(what + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0
	}
	kb, _ := strconv.Atoi(string(found[1]))
	return kb >> 10
}

// FOYER_TEST_MAILBOX_MAILS=200000 is the size that the desk is made for.
func TestLargeMailboxIsReadInBoundedMemoryAndGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	mails := sizeFrom("FOYER_TEST_MAILBOX_MAILS", 1500)
	dbtest.URLs(t, func(t *testing.T, url string) {
		s := startMail(t)
		for i := range mails {
			if err := s.Deliver(rawMail(fmt.Sprintf("large-%d@x.test", i), fmt.Sprintf("c%d@x.test", i%5000), fmt.Sprintf("mail %d", i), "text")); err != nil {
				t.Fatal(err)
			}
		}
		c := newChild(t, url, t.TempDir())
		c.start()
		admin := signIn(t, c.url, "System", systemPassword)
		var in struct{ ID int64 }
		admin.ok(http.MethodPost, "/api/v1/inboxes", inboxBody(s, "Help <help@acme.test>"), &in)
		d := &desk{t: t, admin: admin}
		var lists []time.Duration // how long an agent waits for a list meanwhile
		filed := func() int {
			asked := time.Now()
			d.admin.ok(http.MethodGet, "/api/v1/conversations/all?page=1&page_size=30", nil, &list{})
			lists = append(lists, time.Since(asked))
			return d.books(in.ID).Filed
		}

		began := time.Now()
		patiently(t, "a third to be filed", filed, mails/3)
		first := c.peak()
		c.kill()
		c.start()
		patiently(t, "the rest to be filed", filed, mails)
		took := time.Since(began)
		// What was entered before is not fetched again: it would be a duplicate.
		if got := d.books(in.ID); got != (ledger{Filed: mails}) {
			t.Fatalf("ledger %+v", got)
		}
		if total := d.all().Total; total != mails {
			t.Errorf("%d conversations", total)
		}
		if peak := max(first, c.peak()); peak > 400 {
			t.Errorf("the desk took %d MB", peak)
		}
		slices.Sort(lists)
		t.Logf("%d mails in %s, with a restart: %.0f a second; at most %d MB before it and %d MB after it; a list meanwhile: p50 %s, p95 %s, at most %s",
			mails, took.Round(time.Second), float64(mails)/took.Seconds(), first, c.peak(), lists[len(lists)/2], lists[len(lists)*95/100], lists[len(lists)-1])
	})
}

// FOYER_TEST_MAILBOXES=100 is the number that the desk is made for.
func TestManyMailboxesAreWatchedInLittleMemory(t *testing.T) {
	t.Parallel()
	n := sizeFrom("FOYER_TEST_MAILBOXES", 10)
	dbtest.URLs(t, func(t *testing.T, url string) {
		c := newChild(t, url, t.TempDir())
		c.start()
		d := &desk{t: t, admin: signIn(t, c.url, "System", systemPassword)}
		alone := c.memory("VmRSS")
		var boxes []int64
		var servers []*sandbox.Servers
		for i := range n {
			s := startMail(t)
			body := inboxBody(s, fmt.Sprintf("Help <help%d@acme.test>", i))
			body["config"].(map[string]any)["imap"].([]any)[0].(map[string]any)["read_interval"] = "5m"
			var in struct{ ID int64 }
			d.admin.ok(http.MethodPost, "/api/v1/inboxes", body, &in)
			boxes, servers = append(boxes, in.ID), append(servers, s)
		}
		idle := func() (watched int) {
			for _, id := range boxes {
				var h struct{ Mailboxes []struct{ Mode string } }
				d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", id), nil, &h)
				if h.Mailboxes[0].Mode == "idle" {
					watched++
				}
			}
			return watched
		}
		patiently(t, "all mailboxes to be watched", idle, n)
		watching := c.memory("VmRSS")
		const each = 10
		for i, s := range servers {
			for j := range each {
				d.deliver(s, rawMail(fmt.Sprintf("many-%d-%d@x.test", i, j), fmt.Sprintf("c%d@x.test", j), "one of many", "text"))
			}
		}
		patiently(t, "all mails to be filed", func() int { return d.all().Total }, n*each)
		if peak := c.peak(); peak > 300 {
			t.Errorf("the desk took %d MB", peak)
		}
		t.Logf("%d mailboxes: %d MB before the first, %d MB while all are watched, at most %d MB while each gets %d mails", n, alone, watching, c.peak(), each)
	})
}
