package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
)

// A row is one kind of call to measure. next returns the i-th request of a worker; it is called between measured
// calls and must be cheap. skip says in words why the row cannot be measured.
type row struct {
	name string
	skip string
	next func(worker, i int) []byte
}

// rowNames are the rows in the order they are measured: those that only read come before those that change.
var rowNames = []string{
	"list", "list-deep", "conversation", "messages", "search", "key", "session",
	"open", "mine", "unassigned", "tag", "rare-tag", "mixed", "view", "counts", "view-counts", "mentioned", "contacts",
	"find", "find-tag", "find-status", "find-month", "find-from",
	"note", "status",
}

// targets are what the requests are about, gathered before measuring and spread over the whole desk, so that a
// server is not measured at answering the same question from its cache.
type targets struct {
	uuids []string
	pages int // of 30 conversations
}

func (c *client) gather(ctx context.Context, want int) (targets, error) {
	const size = 30
	first, err := c.conversations(ctx, fmt.Sprintf("page=1&page_size=%d", size))
	if err != nil {
		return targets{}, err
	}
	if len(first.Results) == 0 {
		return targets{}, errors.New("the desk is empty: fill it with 'bench load'")
	}
	t := targets{pages: max(first.TotalPages, 1)}
	reads := min(t.pages, (want+size-1)/size)
	for i := range reads {
		p, err := c.conversations(ctx, fmt.Sprintf("page=%d&page_size=%d", 1+i*t.pages/reads, size))
		if err != nil {
			return targets{}, err
		}
		for _, conversation := range p.Results {
			t.uuids = append(t.uuids, conversation.UUID)
		}
	}
	// Neighbours in the list are neighbours on disk.
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // an order, not a secret
	r.Shuffle(len(t.uuids), func(i, j int) { t.uuids[i], t.uuids[j] = t.uuids[j], t.uuids[i] })
	return t, nil
}

// rows builds every row. All requests that do not change from call to call are prepared once.
func (cmd *HitCmd) rows(ctx context.Context, c *client, t targets) ([]row, error) {
	get := func(path string) []byte { return request(c.root, "GET", path, c.auth, nil) }
	perUUID := func(suffix string) func(worker, i int) []byte {
		prepared := make([][]byte, len(t.uuids))
		for i, uuid := range t.uuids {
			prepared[i] = get("/api/v1/conversations/" + uuid + suffix)
		}
		return cmd.rotate(prepared)
	}
	deep := make([][]byte, 0, 200)
	for i := range cap(deep) {
		deep = append(deep, get(fmt.Sprintf("/api/v1/conversations/all?page=%d&page_size=30", max(1, t.pages-i*t.pages/2/cap(deep)))))
	}
	search := make([][]byte, 0, len(words))
	for _, word := range words {
		if len(word) >= 3 { // the interface refuses shorter queries
			search = append(search, get("/api/v1/messages/search?query="+word))
		}
	}
	key, session, err := cmd.identities(ctx, c)
	if err != nil {
		return nil, err
	}
	filters, err := cmd.filterRows(ctx, c)
	if err != nil {
		return nil, err
	}
	return append([]row{
		{name: "list", next: same(get("/api/v1/conversations/all?page=1&page_size=30"))},
		{name: "list-deep", next: cmd.rotate(deep)},
		{name: "conversation", next: perUUID("")},
		{name: "messages", next: perUUID("/messages?page=1&page_size=30")},
		{name: "search", next: cmd.rotate(search)},
		key, session,
		{name: "note", next: cmd.notes(c, t)},
		{name: "status", next: cmd.statuses(c, t)},
	}, filters...), nil
}

func same(req []byte) func(worker, i int) []byte { return func(int, int) []byte { return req } }

// rotate deals the prepared requests out to the workers, so that no two ask for the same thing at the same time.
func (cmd *HitCmd) rotate(prepared [][]byte) func(worker, i int) []byte {
	return func(worker, i int) []byte { return prepared[(i*cmd.Concurrency+worker)%len(prepared)] }
}

// identities are the same call made with an API key and with a session, to compare what checking them costs.
func (cmd *HitCmd) identities(ctx context.Context, c *client) (key, session row, err error) {
	key, session = row{name: "key"}, row{name: "session"}
	const path = "/api/v1/agents/me"
	if cmd.Key == "" {
		key.skip = "needs --key"
	} else {
		auth, err := cmd.keyCredentials()
		if err != nil {
			return row{}, row{}, err
		}
		key.next = same(request(c.root, "GET", path, auth, nil))
	}
	if cmd.Email == "" {
		session.skip = "needs --email and --password"
	} else {
		session.next = same(request(c.root, "GET", path, c.auth, nil))
		if err := c.call(ctx, "GET", path, nil, nil); err != nil {
			return row{}, row{}, err
		}
	}
	return key, session, nil
}

func (cmd *HitCmd) notes(c *client, t targets) func(worker, i int) []byte {
	r := rand.New(rand.NewPCG(2, 2)) //nolint:gosec // texts, not secrets
	prepared := make([][]byte, len(t.uuids))
	for i, uuid := range t.uuids {
		body, _ := json.Marshal(note(r)) // a map of strings and a bool always encodes
		prepared[i] = request(c.root, "POST", "/api/v1/conversations/"+uuid+"/messages", c.auth, body)
	}
	return cmd.rotate(prepared)
}

// statuses resolves each conversation in turn and opens them again on the next round, so that every call changes
// something. Each worker has conversations of its own: none waits for another's.
func (cmd *HitCmd) statuses(c *client, t targets) func(worker, i int) []byte {
	var prepared [2][][]byte
	for round, status := range [2]string{"Resolved", "Open"} {
		for _, uuid := range t.uuids {
			prepared[round] = append(prepared[round], request(c.root, "PUT", "/api/v1/conversations/"+uuid+"/status",
				c.auth, []byte(`{"status":"`+status+`"}`)))
		}
	}
	return func(worker, i int) []byte {
		own := max(1, (len(t.uuids)-worker+cmd.Concurrency-1)/cmd.Concurrency)
		return prepared[i/own%2][(i%own*cmd.Concurrency+worker)%len(t.uuids)]
	}
}
