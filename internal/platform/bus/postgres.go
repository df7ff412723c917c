package bus

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/foyerdesk/foyer/internal/platform/burst"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
)

// channel is the one LISTEN/NOTIFY channel of a desk.
const channel = "foyer"

// notice is what travels: node is the sender, so that it can pass over its own.
type notice struct {
	Node    string `json:"n"`
	Topic   string `json:"t"`
	Payload string `json:"p"`
}

// Postgres is the bus over PostgreSQL's LISTEN and NOTIFY. Notices are sent outside the transactions they speak of,
// several in one statement: a NOTIFY inside a transaction takes a lock that all commits of the server queue for.
type Postgres struct {
	listeners
	pool *pgxpool.Pool
	log  *slog.Logger
	node string
	out  chan notice
}

// NewPostgres makes the bus; it hears and sends nothing before Run.
func NewPostgres(pool *pgxpool.Pool, log *slog.Logger) *Postgres {
	return &Postgres{pool: pool, log: log, node: crypt.Token(12), out: make(chan notice, 4096)}
}

// Publish implements [Bus]. A notice is dropped when the outgoing queue is full: the listeners' own look-ups catch up.
func (p *Postgres) Publish(topic, payload string) {
	select {
	case p.out <- notice{p.node, topic, payload}:
	default:
		p.log.Warn("bus is full; a notice was dropped", "topic", topic)
	}
}

// Run listens and sends until ctx ends, connecting again after errors.
func (p *Postgres) Run(ctx context.Context) {
	go p.send(ctx)
	for first := true; ctx.Err() == nil; first = false {
		err := p.listen(ctx, !first)
		if ctx.Err() != nil {
			return
		}
		p.log.Warn("bus lost its connection", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (p *Postgres) listen(ctx context.Context, again bool) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// The connection listens for good; it is not given back to the pool.
	raw := conn.Hijack()
	defer func() { _ = raw.Close(context.WithoutCancel(ctx)) }()
	if _, err := raw.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	if again {
		p.gap()
	}
	for {
		n, err := raw.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var got notice
		if err := json.Unmarshal([]byte(n.Payload), &got); err != nil || got.Node == p.node {
			continue
		}
		p.deliver(got.Topic, got.Payload)
	}
}

// atOnce is how many notices one statement sends.
const atOnce = 64

// send takes what is waiting and notifies it in one statement.
func (p *Postgres) send(ctx context.Context) {
	var pace burst.Pacer
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-p.out:
			if len(p.out) < atOnce {
				pace.Wait(ctx)
			}
			batch := []string{encode(first)}
			for len(batch) < atOnce {
				select {
				case more := <-p.out:
					batch = append(batch, encode(more))
					continue
				default:
				}
				break
			}
			_, err := p.pool.Exec(ctx, "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", channel, batch)
			if err != nil && !errors.Is(err, context.Canceled) {
				p.log.Warn("bus could not send", "notices", len(batch), "error", err)
			}
		}
	}
}

func encode(n notice) string {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err) // three strings
	}
	return string(b)
}
