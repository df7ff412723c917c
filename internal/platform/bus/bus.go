// Package bus carries short notices between the nodes of one desk: what changed, who is typing. A notice is a hint,
// never the only copy of anything: it may be lost when a connection breaks, and then [Bus.OnGap] tells its listeners
// to look for themselves.
package bus

import "sync"

// Bus sends notices to the other nodes. On SQLite there are none, and [Local] sends nothing.
type Bus interface {
	// Publish sends a payload of at most [MaxPayload] bytes to the other nodes. It does not wait and does not
	// deliver to this node: who publishes knows already.
	Publish(topic string, payload string)
	// Subscribe calls fn for each payload another node publishes on the topic, one at a time. Subscribe before Start.
	Subscribe(topic string, fn func(payload string))
	// OnGap calls fn when notices may have been missed.
	OnGap(fn func())
}

// MaxPayload is the longest payload in bytes: PostgreSQL's limit for NOTIFY less the envelope.
const MaxPayload = 7000

// Local is the bus of a node that is alone.
type Local struct{}

// Publish implements [Bus].
func (Local) Publish(string, string) {}

// Subscribe implements [Bus].
func (Local) Subscribe(string, func(string)) {}

// OnGap implements [Bus].
func (Local) OnGap(func()) {}

// listeners are the subscriptions of one node.
type listeners struct {
	mu     sync.RWMutex
	topics map[string][]func(string)
	gaps   []func()
}

func (l *listeners) Subscribe(topic string, fn func(string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.topics == nil {
		l.topics = map[string][]func(string){}
	}
	l.topics[topic] = append(l.topics[topic], fn)
}

func (l *listeners) OnGap(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gaps = append(l.gaps, fn)
}

func (l *listeners) deliver(topic, payload string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, fn := range l.topics[topic] {
		fn(payload)
	}
}

func (l *listeners) gap() {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, fn := range l.gaps {
		fn()
	}
}
