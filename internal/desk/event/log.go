package event

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Log appends events and hands committed ones to this node's listeners.
//
// Order: on SQLite the hooks run in the order of commits, which is the order of ids. On PostgreSQL ids are given out
// before the commit, so events may become visible slightly out of order; of one conversation they do not, because its
// row is locked first. [Log.Run] sorts what arrives together.
type Log struct {
	db  *db.DB
	bus bus.Bus
	log *slog.Logger

	listeners []func(Event)
	reactions []func(ctx context.Context, tx *db.Tx, e Event) error

	newest atomic.Int64

	mu      sync.Mutex
	queue   []Event
	foreign []int64 // ids that another node announced
	missed  bool
	wake    chan struct{}

	seen  map[int64]struct{} // ids handed out lately, so that catching up repeats none
	floor int64              // all ids up to here were handed out or are given up

	erasing sync.Mutex
}

const topic = "events"

// NewLog makes the log. Listeners are added before Run.
func NewLog(d *db.DB, b bus.Bus, log *slog.Logger) *Log {
	l := &Log{db: d, bus: b, log: log, wake: make(chan struct{}, 1), seen: map[int64]struct{}{}}
	b.Subscribe(topic, l.announced)
	b.OnGap(func() { l.poke(func() { l.missed = true }) })
	return l
}

// Listen adds a listener. It is called with every event committed on any node, one at a time, and must not block.
func (l *Log) Listen(fn func(Event)) { l.listeners = append(l.listeners, fn) }

// React adds what belongs to a change itself: it is called with every event that this node appends, in the transaction of
// the change, which fails with it. It must be quick and read by the transaction only. The event may have no id yet.
func (l *Log) React(fn func(ctx context.Context, tx *db.Tx, e Event) error) {
	l.reactions = append(l.reactions, fn)
}

func (l *Log) poke(change func()) {
	l.mu.Lock()
	change()
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// committed is called after the commit of a transaction of this node.
func (l *Log) committed(e Event) {
	l.note(e.ID)
	l.poke(func() { l.queue = append(l.queue, e) })
}

func (l *Log) note(id int64) {
	for {
		known := l.newest.Load()
		if id <= known || l.newest.CompareAndSwap(known, id) {
			return
		}
	}
}

// Newest returns the greatest id that this node knows to be committed, from memory; 0 before [Log.Run] began. What is read
// after it holds what that event tells of. What another process appended may be missing for a moment.
func (l *Log) Newest() int64 { return l.newest.Load() }

// announced is called with the ids that another node committed.
func (l *Log) announced(payload string) {
	var ids []int64
	for s := range strings.SplitSeq(payload, ",") {
		if id, err := strconv.ParseInt(s, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	l.poke(func() { l.foreign = append(l.foreign, ids...) })
}

// catchUp is how often a node of several looks into the log for events whose notice was lost with their node.
const catchUp = 2 * time.Second

// Run hands out events until ctx ends.
func (l *Log) Run(ctx context.Context) {
	alone := l.db.Engine() == db.SQLite
	if last, err := l.Last(ctx); err == nil && !alone {
		l.floor = last
	}
	tick := time.NewTicker(catchUp)
	defer tick.Stop()
	for {
		look := false
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-tick.C:
			look = !alone
		}
		l.mu.Lock()
		own, foreign, missed := l.queue, l.foreign, l.missed
		l.queue, l.foreign, l.missed = nil, nil, false
		l.mu.Unlock()
		l.tellOthers(own)
		events := own
		if len(foreign) > 0 {
			events = append(events, l.read(ctx, foreign)...)
		}
		if look || missed {
			events = append(events, l.missing(ctx)...)
		}
		if !alone {
			slices.SortFunc(events, func(a, b Event) int { return int(a.ID - b.ID) })
		}
		l.hand(events, alone)
	}
}

func (l *Log) hand(events []Event, alone bool) {
	for _, e := range events {
		if !alone {
			if _, again := l.seen[e.ID]; again {
				continue
			}
			l.seen[e.ID] = struct{}{}
		}
		l.note(e.ID)
		for _, fn := range l.listeners {
			fn(e)
		}
	}
}

// tellOthers announces ids in payloads short enough for the bus.
func (l *Log) tellOthers(events []Event) {
	for chunk := range slices.Chunk(events, 300) {
		ids := make([]string, len(chunk))
		for i, e := range chunk {
			ids[i] = strconv.FormatInt(e.ID, 10)
		}
		l.bus.Publish(topic, strings.Join(ids, ","))
	}
}

func (l *Log) read(ctx context.Context, ids []int64) (out []Event) {
	for chunk := range slices.Chunk(ids, 500) {
		es, err := l.byID(ctx, chunk)
		if err != nil {
			l.log.Warn("could not read announced events", "error", err)
			l.poke(func() { l.missed = true })
			continue
		}
		out = append(out, es...)
	}
	return out
}

// settled is after how long no transaction is expected to commit an id lower than one already seen.
const settled = 30 * time.Second

// missing reads what is above the floor and was not handed out. The floor rises to the newest event that is old enough,
// so that an idle desk reads nothing.
func (l *Log) missing(ctx context.Context) (out []Event) {
	from, floor := l.floor, l.floor
	old := time.Now().Add(-settled)
	for {
		es, err := l.After(ctx, from, 1000)
		if err != nil {
			l.log.Warn("could not catch up on events", "error", err)
			return out
		}
		for _, e := range es {
			if _, ok := l.seen[e.ID]; !ok {
				out = append(out, e)
			}
			if from = e.ID; e.CreatedAt.Before(old) {
				floor = e.ID
			}
		}
		if len(es) < 1000 {
			break
		}
	}
	if floor > l.floor {
		l.floor = floor
		for id := range l.seen {
			// What is handed out below belongs to what is seen; everything at or below the floor is not asked for again.
			if id <= floor {
				delete(l.seen, id)
			}
		}
	}
	return out
}
