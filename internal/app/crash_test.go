package app_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/sandbox"
)

// The test binary runs itself as the desk that is killed.
func TestMain(m *testing.M) {
	if os.Getenv("FOYER_CRASH_CHILD") != "" {
		os.Exit(app.Main([]string{"serve"}))
	}
	inParallel()
	os.Exit(m.Run())
}

// inParallel lets more tests run at the same time than there are processors, unless -parallel says how many: most wait for
// mail, leases and other processes.
func inParallel() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
}

// child is a desk in a process of its own.
type child struct {
	t   *testing.T
	env []string
	url string
	cmd *exec.Cmd
	out bytes.Buffer
}

// lastPort is the port that [freeAddr] tried last.
var lastPort atomic.Int32

func init() { lastPort.Store(10_000 + rand.Int32N(9_000)) }

// freeAddr is an address for another process, on a port that nobody listens on and that is given out once. It is none of those that the
// system gives to connections and listeners that name no port, which could take it before whom it is for.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 9_000 {
		port := lastPort.Add(1)
		if port >= 19_999 {
			lastPort.Store(10_000)
		}
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err != nil {
			continue
		}
		_ = l.Close()
		return l.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

func newChild(t *testing.T, database, dir string) *child {
	t.Helper()
	addr := freeAddr(t)
	c := &child{t: t, url: "http://" + addr, env: append(os.Environ(), "FOYER_CRASH_CHILD=1", "FOYER_ADDRESS="+addr, "FOYER_DATA_DIR="+dir,
		"FOYER_DATABASE_URL="+database, "FOYER_SYSTEM_USER_PASSWORD="+systemPassword, "FOYER_AUTH_PER_MINUTE=10000", "FOYER_LOG_LEVEL=warn")}
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Logf("the desk said:\n%s", c.out.String())
		}
	})
	return c
}

func (c *child) start() {
	c.t.Helper()
	c.cmd = exec.Command(os.Args[0]) //nolint:gosec // this test binary
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = c.env, &c.out, &c.out
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, "the desk to serve", func() bool {
		res, err := http.Get(c.url + "/health") //nolint:noctx // a probe
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the process as a power cut would: no signal it could handle.
func (c *child) kill() {
	if c.cmd != nil && c.cmd.Process != nil {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
		c.cmd = nil
	}
}

// crashMails is how many mails arrive while the desk is killed; FOYER_TEST_CRASH_MAILS makes it another number, and the others
// grow with it.
var (
	crashMails   = sizeFrom("FOYER_TEST_CRASH_MAILS", 1000)
	crashReplies = crashMails / 5
	crashKills   = max(1, crashMails*12/1000)
)

// sizeFrom returns the number in a variable of the environment, or the usual one.
func sizeFrom(variable string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 0 {
		return n
	}
	return usual
}

func TestKilledAtAnyMomentNoMailIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes most of a minute")
	}
	dbtest.URLs(t, func(t *testing.T, url string) {
		s := startMail(t)
		cuts := cutEvery(s, 25)
		c := newChild(t, url, t.TempDir())
		c.start()
		admin := signIn(t, c.url, "System", systemPassword)
		var in struct{ ID int64 }
		admin.ok(http.MethodPost, "/api/v1/inboxes", inboxBody(s, "Help <help@acme.test>"), &in)
		var key struct {
			Key    string `json:"api_key"`
			Secret string `json:"api_secret"`
		}
		admin.ok(http.MethodPost, "/api/v1/agents/1/api-key", nil, &key)
		api := newClient(t, c.url)
		api.key = key.Key + ":" + key.Secret

		var wg sync.WaitGroup
		wg.Go(func() { deliverSlowly(t, s, crashMails) })
		wg.Go(func() { replyStubbornly(t, api, crashReplies) })
		rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) //nolint:gosec // moments, not secrets
		for range crashKills {
			<-time.After(time.Duration(100+rnd.IntN(900)) * time.Millisecond)
			c.kill()
			c.start()
		}
		wg.Wait()

		d := &desk{t: t, admin: api}
		patiently(t, "every mail to be filed", func() int { return d.all().Total }, crashMails)
		var h health
		eventually(t, "the books to balance", func() bool {
			d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/inboxes/%d/health", in.ID), nil, &h)
			return h.Mailboxes[0].Ledger.Filed == crashMails && h.Mailboxes[0].Ledger.Pending == 0
		})
		l := h.Mailboxes[0].Ledger
		if l.Filed+l.Duplicate+l.Ignored+l.Quarantined != crashMails || d.all().Total != crashMails {
			t.Fatalf("ledger %+v, %d conversations", l, d.all().Total)
		}
		checkSubjects(t, d)
		checkReplies(t, s, cuts)
	})
}

// cutEvery makes the SMTP server cut the connection after every nth mail it took, once for each mail.
func cutEvery(s *sandbox.Servers, n int) func() map[string]bool {
	var mu sync.Mutex
	count, cut := 0, map[string]bool{}
	s.CutAfterData(func(m sandbox.Sent) bool {
		mu.Lock()
		defer mu.Unlock()
		id := messageIDOf(m.Raw)
		if count++; count%n != 0 || cut[id] {
			return false
		}
		cut[id] = true
		return true
	})
	return func() map[string]bool { mu.Lock(); defer mu.Unlock(); return cut }
}

func messageIDOf(raw []byte) string {
	for line := range bytes.Lines(raw) {
		if bytes.HasPrefix(bytes.ToLower(line), []byte("message-id:")) {
			return string(bytes.Trim(bytes.TrimSpace(line[len("message-id:"):]), "<>"))
		}
	}
	return ""
}

func deliverSlowly(t *testing.T, s *sandbox.Servers, n int) {
	for i := range n {
		if err := s.Deliver(rawMail(fmt.Sprintf("crash-%d@x.test", i), fmt.Sprintf("c%d@x.test", i), fmt.Sprintf("mail %d", i), "text")); err != nil {
			t.Error(err)
		}
		if i%100 == 99 {
			<-time.After(600 * time.Millisecond)
		}
	}
}

// replyStubbornly answers conversations, repeating each call until the desk has said yes.
func replyStubbornly(t *testing.T, api *client, n int) {
	answered := map[string]bool{}
	for page := 1; len(answered) < n; page = page%((n+499)/500) + 1 {
		var l list
		code, raw, err := api.try(http.MethodGet, fmt.Sprintf("/api/v1/conversations/all?page_size=500&order_by=conversations.created_at&order=asc&page=%d", page), nil)
		if err != nil || code != http.StatusOK || decode(raw, &l) != nil {
			<-time.After(20 * time.Millisecond)
			continue
		}
		for _, r := range l.Results {
			if answered[r.UUID] || len(answered) >= n {
				continue
			}
			body := map[string]any{"message": "<p>answer</p>", "sender_type": "agent", "to": []string{r.Contact.Email}, "echo_id": "echo-" + r.UUID}
			for {
				code, raw, err := api.try(http.MethodPost, "/api/v1/conversations/"+r.UUID+"/messages", body)
				if err == nil && code == http.StatusOK {
					break
				}
				if err == nil && code < 500 {
					t.Errorf("reply: %d %s", code, raw)
					return
				}
				<-time.After(20 * time.Millisecond)
			}
			answered[r.UUID] = true
		}
	}
}

// checkSubjects looks that every mail has exactly one conversation.
func checkSubjects(t *testing.T, d *desk) {
	seen := map[string]int{}
	for page := 1; page <= (crashMails+499)/500; page++ {
		var l list
		d.admin.ok(http.MethodGet, fmt.Sprintf("/api/v1/conversations/all?page_size=500&page=%d&order_by=conversations.created_at&order=asc", page), nil, &l)
		for _, r := range l.Results {
			seen[r.Subject]++
		}
	}
	for i := range crashMails {
		if n := seen[fmt.Sprintf("mail %d", i)]; n != 1 {
			t.Errorf("mail %d was filed %d times", i, n)
		}
	}
}

// checkReplies looks that each reply reached the server once. Twice is allowed where the server cut the connection after
// it took the mail, or where the desk was killed in that moment, and then as the same mail.
func checkReplies(t *testing.T, s *sandbox.Servers, cuts func() map[string]bool) {
	count := func() map[string]int {
		seen := map[string]int{}
		for _, m := range s.Sent() {
			seen[messageIDOf(m.Raw)]++
		}
		return seen
	}
	patiently(t, "every reply to arrive", func() int { return len(count()) }, crashReplies)
	to := map[string]string{}
	killed := 0
	for id, n := range count() {
		if n > 1 && !cuts()[id] {
			killed++
		}
	}
	for _, m := range s.Sent() {
		id := messageIDOf(m.Raw)
		if first, ok := to[m.To[0]]; ok && first != id {
			t.Errorf("%s was answered twice, as %s and %s", m.To[0], first, id)
		}
		to[m.To[0]] = id
	}
	if killed > crashKills*4 {
		t.Errorf("%d replies arrived twice for no reason", killed)
	}
	t.Logf("%d replies, %d connections cut after DATA, %d replies repeated because the desk was killed after DATA", len(to), len(cuts()), killed)
}
