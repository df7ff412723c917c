package db

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"modernc.org/libc"
)

// cacheModel is a page cache beside what is known of it.
type cacheModel struct {
	t      *testing.T
	tls    *libc.TLS
	c      *pageCache
	pinned map[uint32]*page
	marks  map[uint32]uint64 // of every key that may be in the cache: what is written in its page
	next   uint64
}

func newCacheModel(t *testing.T, max int, bounded bool) *cacheModel {
	t.Helper()
	m := &cacheModel{t: t, tls: libc.NewTLS(), pinned: map[uint32]*page{}, marks: map[uint32]uint64{}}
	m.c = newPageCache(512, 20, bounded)
	m.c.resize(max)
	t.Cleanup(func() {
		for _, b := range m.c.blocks {
			libc.Xfree(m.tls, b.memory)
		}
		m.tls.Close()
	})
	return m
}

func (m *cacheModel) content(p *page) []byte { return unsafe.Slice(at[byte](p.seen.FpBuf), 512) }

func (m *cacheModel) fetch(key uint32, create int32) {
	p := m.c.fetch(m.tls, key, create)
	before, pinned := m.pinned[key]
	switch {
	case pinned && p != before:
		m.t.Fatalf("page %d moved while it was pinned", key)
	case p == nil && create == 2:
		m.t.Fatalf("no page for %d", key)
	case p == nil:
		return
	case p.key != key:
		m.t.Fatalf("asked for page %d, got that of %d", key, p.key)
	}
	for other, q := range m.pinned {
		if other != key && q == p {
			m.t.Fatalf("pages %d and %d are one", key, other)
		}
	}
	extra := at[uintptr](p.seen.FpExtra)
	content := m.content(p)
	if *extra == 0 { // new
		if pinned {
			m.t.Fatalf("page %d was pinned and came as a new one", key)
		}
		m.next++
		m.marks[key] = m.next
		*extra = uintptr(m.next)
		binary.LittleEndian.PutUint64(content, m.next)
		binary.LittleEndian.PutUint64(content[504:], m.next)
	}
	if first, last := binary.LittleEndian.Uint64(content), binary.LittleEndian.Uint64(content[504:]); first != m.marks[key] || last != first || uint64(*extra) != first {
		m.t.Fatalf("page %d holds %d, %d and %d, not %d", key, first, last, *extra, m.marks[key])
	}
	m.pinned[key] = p
}

func (m *cacheModel) unpin(key uint32, discard bool) {
	if p := m.pinned[key]; p != nil {
		delete(m.pinned, key)
		m.c.unpin(p, discard)
		if discard {
			m.gone(key)
		}
	}
}

func (m *cacheModel) rekey(key, to uint32) {
	p := m.pinned[key]
	if p == nil || m.pinned[to] != nil || key == to {
		return
	}
	if q := m.c.fetch(m.tls, to, 0); q != nil { // as SQLite does
		m.c.unpin(q, true)
	}
	m.c.rekey(p, to)
	delete(m.pinned, key)
	m.pinned[to], m.marks[to] = p, m.marks[key]
	m.gone(key)
}

func (m *cacheModel) truncate(key uint32) {
	m.c.truncate(key)
	for k := range m.marks {
		if k >= key {
			delete(m.pinned, k)
			m.gone(k)
		}
	}
}

// gone makes sure that a page is not in the cache.
func (m *cacheModel) gone(key uint32) {
	delete(m.marks, key)
	if m.c.fetch(m.tls, key, 0) != nil {
		m.t.Fatalf("page %d is still there", key)
	}
}

// check counts what is in the cache.
func (m *cacheModel) check() {
	count, idle := 0, 0
	for i, p := range m.c.buckets {
		for ; p != nil; p = p.chain {
			if int(p.key)%len(m.c.buckets) != i || p.key > m.c.topKey {
				m.t.Fatalf("page %d is in bucket %d of %d, the last is %d", p.key, i, len(m.c.buckets), m.c.topKey)
			}
			count++
		}
	}
	for p := m.c.ring.next; p != &m.c.ring; p = p.next {
		if p.next.prev != p || m.pinned[p.key] != nil {
			m.t.Fatalf("the ring is broken at page %d", p.key)
		}
		idle++
	}
	if count != m.c.count || idle != m.c.idle || count-idle != len(m.pinned) {
		m.t.Fatalf("counted %d and %d idle with %d pinned, noted %d and %d", count, idle, len(m.pinned), m.c.count, m.c.idle)
	}
	if m.c.bounded && count > max(m.c.max, len(m.pinned)) {
		m.t.Fatalf("%d pages of at most %d, %d are pinned", count, m.c.max, len(m.pinned))
	}
	free, all := 0, 0
	for p := m.c.free; p != nil; p = p.chain {
		free++
	}
	for _, b := range m.c.blocks {
		all += len(b.pages)
	}
	if free+count != all {
		m.t.Fatalf("%d pages are free and %d in use of %d", free, count, all)
	}
}

// FuzzPageCache does anything to a cache that SQLite may do.
func FuzzPageCache(f *testing.F) {
	f.Add([]byte{9, 1, 0, 1, 0, 2, 1, 1, 0, 3, 2, 9, 4, 0, 0, 5, 3, 0}, true)
	f.Add([]byte{3, 0, 1, 0, 2, 0, 3, 0, 4, 1, 1, 1, 2, 0, 5, 0, 6, 5, 2, 4, 0, 6, 1}, false)
	many := []byte{40}
	for i := range byte(200) {
		many = append(many, 0, i, 1, i, 2, i/2)
	}
	f.Add(many, true)
	f.Fuzz(func(t *testing.T, steps []byte, bounded bool) {
		if len(steps) == 0 {
			return
		}
		m := newCacheModel(t, int(steps[0]), bounded)
		for i := 1; i+1 < len(steps); i += 2 {
			key := uint32(steps[i+1])%64*uint32(1+steps[i]>>4) + 1 // some far apart
			switch steps[i] % 8 {
			case 0, 1:
				m.fetch(key, int32(steps[i]%2+1))
			case 2:
				m.fetch(key, 0)
			case 3, 4:
				m.unpin(key, steps[i]&8 != 0)
			case 5:
				m.rekey(key, uint32(steps[i])+1)
			case 6:
				m.truncate(key)
			case 7:
				m.c.resize(int(steps[i+1]))
			}
			m.check()
		}
	})
}

func TestPageCacheForgetsWhatWasUsedLongestAgo(t *testing.T) {
	m := newCacheModel(t, 3, true)
	for key := uint32(1); key <= 3; key++ {
		m.fetch(key, 2)
		m.unpin(key, false)
	}
	m.fetch(1, 0)
	m.unpin(1, false)
	m.fetch(4, 2)
	for key, there := range map[uint32]bool{1: true, 2: false, 3: true, 4: true} {
		if p := m.c.fetch(m.tls, key, 0); (p != nil) != there {
			t.Errorf("page %d in the cache: %v", key, p != nil)
		}
	}
}

func TestPageCacheAsksSQLiteToWriteBeforeAllIsPinned(t *testing.T) {
	m := newCacheModel(t, 10, true)
	for key := uint32(1); key <= 9; key++ {
		m.fetch(key, 1)
	}
	if len(m.pinned) != 9 {
		t.Fatalf("%d pages pinned of 9", len(m.pinned))
	}
	if m.c.fetch(m.tls, 10, 1) != nil {
		t.Error("made the tenth of ten pages, of which all others are pinned")
	}
	for key := uint32(10); key <= 30; key++ {
		m.fetch(key, 2)
	}
	m.check()
	for key := uint32(1); key <= 30; key++ {
		m.unpin(key, false)
	}
	m.check() // no more than ten
}

// BenchmarkPageCache is a page that is there: what SQLite asks for at each step down a tree.
func BenchmarkPageCache(b *testing.B) {
	tls := libc.NewTLS()
	defer tls.Close()
	c := newPageCache(4096, 200, true)
	c.resize(4000)
	for key := range uint32(4000) {
		c.unpin(c.fetch(tls, key, 2), false)
	}
	for i := 0; b.Loop(); i++ {
		c.unpin(c.fetch(tls, uint32(i)*7%4000, 0), false)
	}
}
