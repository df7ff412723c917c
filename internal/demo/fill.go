package demo

import (
	"context"
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// FillOptions name the people and places a demo's conversations happen with; they exist already.
type FillOptions struct {
	Conversations int
	InboxID       int64
	InboxAddress  string
	Agents        []int64          // with their names
	AgentNames    map[int64]string // first names
	Teams         map[string]int64
	// Attach stores a file with a message.
	Attach func(ctx context.Context, tx *db.Tx, messageID int64) error
}

// filler writes stories as conversations with dates in the past.
type filler struct {
	o        FillOptions
	rnd      *rand.Rand
	statuses map[string]int64
	tags     map[string]int64
	contacts map[string]int64
	counts   map[[3]int64]int64
}

// Fill adds a few weeks of conversations in several languages. The newest are from a moment ago.
func Fill(ctx context.Context, d *db.DB, o FillOptions) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		f := &filler{o: o, rnd: rand.New(rand.NewPCG(20, 26)), contacts: map[string]int64{}, counts: map[[3]int64]int64{}} //nolint:gosec // the same demo each time
		var err error
		if f.statuses, err = named(ctx, tx, `SELECT name, id FROM statuses`); err != nil {
			return err
		}
		if f.tags, err = f.makeTags(ctx, tx); err != nil {
			return err
		}
		begin := time.Now().AddDate(0, 0, -24)
		span := time.Since(begin) - 2*time.Minute
		for i := range o.Conversations {
			x := float64(i+1) / float64(o.Conversations)
			at := begin.Add(time.Duration(float64(span) * (1 - (1-x)*(1-x))))
			if err := f.tell(ctx, tx, stories[(i*7+i/len(stories))%len(stories)], at, o.Conversations-i-1); err != nil {
				return fmt.Errorf("conversation %d: %w", i, err)
			}
		}
		return addCounts(ctx, tx, f.counts)
	})
}

func named(ctx context.Context, q db.Querier, query string) (map[string]int64, error) {
	out := map[string]int64{}
	err := db.Each(ctx, q, func(r db.Rows) error {
		var name string
		var id int64
		err := r.Scan(&name, &id)
		out[name] = id
		return err
	}, query)
	return out, err
}

func (f *filler) makeTags(ctx context.Context, tx *db.Tx) (map[string]int64, error) {
	now := db.Now()
	for _, s := range append(stories, story{tags: []string{"vip", "bug", "praise"}}) {
		for _, t := range s.tags {
			if _, err := tx.Exec(ctx, `INSERT INTO tags (created_at, updated_at, name) VALUES ($1, $1, $2) ON CONFLICT (name) DO NOTHING`, now, t); err != nil {
				return nil, err
			}
		}
	}
	return named(ctx, tx, `SELECT name, id FROM tags`)
}

// tell writes one conversation. left is how many come after it: the last ones are fresh, open and mostly unanswered.
func (f *filler) tell(ctx context.Context, tx *db.Tx, s story, at time.Time, left int) error {
	who := s.people[f.rnd.IntN(len(s.people))]
	agent := f.o.Agents[f.rnd.IntN(len(f.o.Agents))]
	fill := strings.NewReplacer("{order}", fmt.Sprintf("#%d", 48000+f.rnd.IntN(9000)), "{product}", products[f.rnd.IntN(len(products))], "{agent}", f.o.AgentNames[agent])
	turns := s.turns
	if left < 60 && f.rnd.IntN(3) > 0 {
		turns = turns[:1+f.rnd.IntN(min(2, len(turns)))]
	}
	contact, err := f.contact(ctx, tx, who, at)
	if err != nil {
		return err
	}
	c := conv{subject: fill.Replace(s.subject), contact: contact, at: at, agent: agent, team: f.o.Teams[s.team], uuid: uuid.NewString()}
	c.status, c.assigned = f.fate(turns, left)
	if s.urgent {
		c.priority = 3
	} else if f.rnd.IntN(4) == 0 {
		c.priority = 1 + int64(f.rnd.IntN(2))
	}
	// The last word is spoken before those of the conversations that come after this one.
	end := time.Now().Add(-time.Duration(left*left/3+left*3)*time.Minute - 40*time.Second)
	if c.at.After(end) {
		c.at = end.Add(-time.Duration(len(turns)*7) * time.Minute)
	}
	gap := end.Sub(c.at) / time.Duration(len(turns))
	if err := f.insert(ctx, tx, &c); err != nil {
		return err
	}
	for _, t := range turns {
		if err := f.say(ctx, tx, &c, t.who, fill.Replace(t.text), who); err != nil {
			return err
		}
		c.at = c.at.Add(min(gap, time.Duration(20+f.rnd.IntN(400))*time.Minute))
	}
	for _, t := range s.tags {
		if f.rnd.IntN(4) > 0 {
			if _, err := tx.Exec(ctx, `INSERT INTO conversation_tags (conversation_id, tag_id) VALUES ($1, $2)`, c.id, f.tags[t]); err != nil {
				return err
			}
		}
	}
	return f.finish(ctx, tx, &c)
}

// conv is a conversation being written.
type conv struct {
	id, contact, agent, team, priority int64
	uuid, subject, status              string
	assigned                           bool
	at                                 time.Time
	first, last, waiting               *db.Time
	preview, sender                    string
	lastAt                             db.Time
	references                         []string
}

// fate decides how a conversation stands today.
func (f *filler) fate(turns []turn, left int) (status string, assigned bool) {
	answered := false
	for _, t := range turns {
		answered = answered || t.who == 'a'
	}
	switch {
	case left <= 6:
		return "Open", false
	case answered && left > 25 && f.rnd.IntN(10) < 8:
		return []string{"Resolved", "Resolved", "Closed"}[f.rnd.IntN(3)], true
	case f.rnd.IntN(14) == 0:
		return "Snoozed", true
	}
	return "Open", f.rnd.IntN(10) < 7
}

func (f *filler) contact(ctx context.Context, tx *db.Tx, p person, at time.Time) (int64, error) {
	if id, ok := f.contacts[p.email]; ok {
		return id, nil
	}
	var id int64
	err := tx.QueryRow(ctx, `INSERT INTO users (created_at, updated_at, type, email, first_name, last_name) VALUES ($1, $1, 'contact', $2, $3, $4) RETURNING id`,
		db.At(at), p.email, p.first, p.last).Scan(&id)
	f.contacts[p.email] = id
	return id, err
}

func (f *filler) insert(ctx context.Context, tx *db.Tx, c *conv) error {
	next := `UPDATE conversation_reference SET value = value + 1 RETURNING value`
	if tx.Engine() == db.Postgres {
		next = `SELECT nextval('conversation_reference')`
	}
	var reference int64
	if err := tx.QueryRow(ctx, next).Scan(&reference); err != nil {
		return err
	}
	var user, team, priority, snoozed any
	key := [3]int64{0, 0, f.statuses[c.status]}
	if c.assigned {
		user, key[0] = c.agent, c.agent
	}
	if c.team != 0 && (c.assigned || f.rnd.IntN(2) == 0) {
		team, key[1] = c.team, c.team
	}
	if c.priority != 0 {
		priority = c.priority
	}
	if c.status == "Snoozed" {
		snoozed = db.At(time.Now().Add(time.Duration(6+f.rnd.IntN(60)) * time.Hour))
	}
	f.counts[key]++
	f.counts[[3]int64{-1, -1, key[2]}]++
	return tx.QueryRow(ctx, `INSERT INTO conversations (created_at, updated_at, uuid, reference_number, contact_id, inbox_id, status_id, priority_id,
		assigned_user_id, assigned_team_id, subject, snoozed_until, last_message_at) VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $1) RETURNING id`,
		db.At(c.at), c.uuid, reference, c.contact, f.o.InboxID, key[2], priority, user, team, c.subject, snoozed).Scan(&c.id)
}

func (f *filler) say(ctx context.Context, tx *db.Tx, c *conv, who byte, text string, p person) error {
	kind, state, sender, from, private, content, ctype := "incoming", "received", "contact", c.contact, false, text, "text"
	meta := map[string]any{"from": []string{p.email}, "to": []string{f.o.InboxAddress}, "subject": c.subject}
	if who != 'c' {
		kind, state, sender, from, private = "outgoing", "sent", "agent", c.agent, who == 'n'
		meta = map[string]any{}
		if !private {
			meta["to"] = []string{p.email}
		}
		if !strings.HasPrefix(text, "<") {
			content = "<p>" + html.EscapeString(text) + "</p>"
		}
	}
	if strings.HasPrefix(content, "<") {
		content, ctype = htmlx.Sanitize(content), "html"
		text = htmlx.Text(content)
	}
	at := db.At(c.at)
	var id int64
	err := tx.QueryRow(ctx, `INSERT INTO messages (created_at, updated_at, uuid, conversation_id, inbox_id, type, status, content, text_content,
		content_type, private, sender_id, sender_type, meta, source_id) VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id`,
		at, db.NewUUID(), c.id, f.o.InboxID, kind, state, content, text, ctype, private, from, sender, db.ToJSON(meta),
		fmt.Sprintf("demo-%s-%d@%s", c.uuid, len(c.references), "demo.example")).Scan(&id)
	if err != nil {
		return err
	}
	c.references = append(c.references, fmt.Sprint(id))
	if who == 'c' && f.o.Attach != nil && f.rnd.IntN(9) == 0 {
		if err := f.o.Attach(ctx, tx, id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO conversation_participants (conversation_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, c.id, from, at); err != nil {
		return err
	}
	c.preview, c.sender, c.lastAt = htmlx.Preview(text, 200), sender, at
	switch {
	case who == 'c' && c.waiting == nil:
		c.waiting = &at
	case who == 'a':
		c.waiting, c.last = nil, &at
		if c.first == nil {
			c.first = &at
		}
	}
	return nil
}

// finish sets what follows from the messages, and lets the agents have read all but the newest conversations.
func (f *filler) finish(ctx context.Context, tx *db.Tx, c *conv) error {
	var resolved, closed *db.Time
	if c.status == "Resolved" || c.status == "Closed" {
		resolved, c.waiting = &c.lastAt, nil
	}
	if c.status == "Closed" {
		closed = &c.lastAt
	}
	_, err := tx.Exec(ctx, `UPDATE conversations SET updated_at = $2, last_message = $3, last_message_at = $2, last_message_sender = $4, last_interaction = $3,
		last_interaction_at = $2, last_interaction_sender = $4, first_reply_at = $5, last_reply_at = $6, waiting_since = $7, resolved_at = $8, closed_at = $9 WHERE id = $1`,
		c.id, c.lastAt, c.preview, c.sender, c.first, c.last, c.waiting, resolved, closed)
	if err != nil || time.Since(c.lastAt.Time) < 26*time.Hour {
		return err
	}
	for _, a := range f.o.Agents {
		if _, err := tx.Exec(ctx, `INSERT INTO conversation_last_seen (user_id, conversation_id, last_seen_at) VALUES ($1, $2, $3)`, a, c.id, c.lastAt); err != nil {
			return err
		}
	}
	return nil
}
