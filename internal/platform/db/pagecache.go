package db

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// pageCache holds pages of a file in memory for one connection: an application-defined page cache, as SQLite calls it
// (https://sqlite.org/c3ref/pcache_methods2.html).
//
// SQLite's own, as the driver builds it (SQLITE_ENABLE_MEMORY_MANAGEMENT), is one for all connections, behind a lock for which they wait
// for one another at each page they touch, and fills half of the memory it gets: 8 kB for a page of 4. This one needs
// no lock, as a connection belongs to one goroutine at a time, and gets memory for many pages at once.
//
// What SQLite reads and writes is in memory that the garbage collector knows nothing of. The heads of the pages are ordinary Go values,
// which a cache keeps alive, as [caches] does a cache. What was got for a cache is given back with the whole of it.
type pageCache struct {
	pageSize, extraSize uintptr
	bounded             bool // by max, beyond what SQLite pins
	max                 int

	buckets []*page // by the last bits of the key
	count   int     // pages in buckets
	idle    int     // of these, those in the ring
	ring    page    // of those that are not pinned: next is the one used last, prev the one used longest ago
	topKey  uint32  // no page has a larger one

	free   *page // pages in no bucket
	blocks []block
}

// page is the head of a page.
type page struct {
	seen       *seen
	chain      *page // of a bucket, or of what is free
	prev, next *page // in the ring; nil while it is pinned
	key        uint32
}

// seen is what SQLite has of a page.
type seen struct {
	sqlite3.Tsqlite3_pcache_page
	page uintptr // its head
}

// block is memory for some pages, and their heads.
type block struct {
	memory uintptr
	pages  []page
}

const (
	firstBlock   = 3 // pages: many a cache is that of a small table in memory that lives for one statement
	largestBlock = 192
)

// caches are those that SQLite has.
var caches = struct {
	sync.Mutex
	m map[*pageCache]struct{}
}{m: map[*pageCache]struct{}{}}

var cacheMethods = sqlite3.Tsqlite3_pcache_methods2{
	FiVersion:   1,
	FxInit:      cFunc(func(*libc.TLS, uintptr) int32 { return sqlite3.SQLITE_OK }),
	FxShutdown:  cFunc(func(*libc.TLS, uintptr) {}),
	FxCreate:    cFunc(createCache),
	FxCachesize: cFunc(func(_ *libc.TLS, c uintptr, n int32) { at[pageCache](c).resize(int(n)) }),
	FxPagecount: cFunc(func(_ *libc.TLS, c uintptr) int32 { return int32(at[pageCache](c).count) }),
	FxFetch: cFunc(func(tls *libc.TLS, c uintptr, key uint32, create int32) uintptr {
		if p := at[pageCache](c).fetch(tls, key, create); p != nil {
			return uintptr(unsafe.Pointer(p.seen))
		}
		return 0
	}),
	FxUnpin:    cFunc(func(_ *libc.TLS, c, p uintptr, discard int32) { at[pageCache](c).unpin(headOf(p), discard != 0) }),
	FxRekey:    cFunc(func(_ *libc.TLS, c, p uintptr, _, key uint32) { at[pageCache](c).rekey(headOf(p), key) }),
	FxTruncate: cFunc(func(_ *libc.TLS, c uintptr, key uint32) { at[pageCache](c).truncate(key) }),
	FxDestroy:  cFunc(destroyCache),
	FxShrink:   cFunc(func(_ *libc.TLS, c uintptr) { at[pageCache](c).keep(0) }),
}

func headOf(p uintptr) *page { return at[page](at[seen](p).page) }

func createCache(_ *libc.TLS, pageSize, extraSize, purgeable int32) uintptr {
	c := newPageCache(uintptr(pageSize), uintptr(extraSize), purgeable != 0)
	caches.Lock()
	caches.m[c] = struct{}{}
	caches.Unlock()
	return uintptr(unsafe.Pointer(c))
}

func destroyCache(tls *libc.TLS, p uintptr) {
	c := at[pageCache](p)
	for _, b := range c.blocks {
		libc.Xfree(tls, b.memory)
	}
	caches.Lock()
	delete(caches.m, c)
	caches.Unlock()
}

func newPageCache(pageSize, extraSize uintptr, bounded bool) *pageCache {
	c := &pageCache{pageSize: pageSize, extraSize: (extraSize + 7) &^ 7, bounded: bounded, buckets: make([]*page, 16)}
	c.ring.prev, c.ring.next = &c.ring, &c.ring
	return c
}

// fetch returns the page of a key, pinned. Where there is none it returns nil if create is 0. With 1 it makes one, unless nearly as many as
// may be are pinned: SQLite then writes some of those that it changed, and asks with 2, which fails only for want of memory.
func (c *pageCache) fetch(tls *libc.TLS, key uint32, create int32) *page {
	for p := *c.bucket(key); p != nil; p = p.chain {
		if p.key == key {
			if p.next != nil {
				c.pin(p)
			}
			return p
		}
	}
	if create == 0 || create == 1 && c.bounded && c.count-c.idle >= c.max*9/10 {
		return nil
	}
	var p *page
	if c.bounded && c.count >= c.max {
		p = c.evict()
	}
	if p == nil {
		p = c.unused(tls)
	}
	if p == nil {
		p = c.evict()
	}
	if p == nil {
		return nil
	}
	*at[uintptr](p.seen.FpExtra) = 0 // tells SQLite that the page is new
	if c.count >= len(c.buckets) {
		c.widen()
	}
	c.insert(p, key)
	return p
}

// unpin takes back a page that SQLite does not use any more, to forget it at once or when room is needed.
func (c *pageCache) unpin(p *page, discard bool) {
	if discard || c.bounded && c.count > c.max {
		c.drop(p)
		return
	}
	p.prev, p.next = &c.ring, c.ring.next
	p.prev.next, p.next.prev = p, p
	c.idle++
}

// rekey gives a page another key, which none has.
func (c *pageCache) rekey(p *page, key uint32) {
	c.remove(p)
	c.insert(p, key)
}

// truncate forgets the pages of a key and all above it, pinned or not.
func (c *pageCache) truncate(key uint32) {
	if c.count == 0 || key > c.topKey {
		return
	}
	// Where there are more buckets than keys, only those of the keys are looked at.
	first, n := key, len(c.buckets)
	if span := int(c.topKey-key) + 1; span < n {
		n = span
	}
	for i := range n {
		for p := *c.bucket(first + uint32(i)); p != nil; {
			after := p.chain
			if p.key >= key {
				if p.next != nil {
					c.pin(p)
				}
				c.drop(p)
			}
			p = after
		}
	}
	c.topKey = max(key, 1) - 1
}

// resize sets how many pages to keep.
func (c *pageCache) resize(n int) {
	c.max = n
	c.keep(n)
}

// keep forgets what was used longest ago, until n pages are left, or those that are pinned.
func (c *pageCache) keep(n int) {
	for c.bounded && c.count > n {
		p := c.evict()
		if p == nil {
			return
		}
		p.chain, c.free = c.free, p
	}
}

// evict takes out the page used longest ago, nil if all are pinned.
func (c *pageCache) evict() *page {
	p := c.ring.prev
	if p == &c.ring {
		return nil
	}
	c.pin(p)
	c.remove(p)
	return p
}

// pin takes a page out of the ring.
func (c *pageCache) pin(p *page) {
	p.prev.next, p.next.prev = p.next, p.prev
	p.prev, p.next = nil, nil
	c.idle--
}

// drop forgets a page that is pinned.
func (c *pageCache) drop(p *page) {
	c.remove(p)
	p.chain, c.free = c.free, p
}

// unused returns a page that is in no bucket, nil if there is no memory for one.
func (c *pageCache) unused(tls *libc.TLS) *page {
	if c.free == nil {
		c.more(tls)
	}
	p := c.free
	if p != nil {
		c.free = p.chain
	}
	return p
}

// more gets a block: all its pages first, behind them what SQLite notes of each, so that the notes of many share the cache lines of few sets.
func (c *pageCache) more(tls *libc.TLS) {
	n := firstBlock
	if k := len(c.blocks); k > 0 {
		n = min(2*len(c.blocks[k-1].pages), largestBlock)
	}
	notesSize := unsafe.Sizeof(seen{}) + c.extraSize
	memory := libc.Xmalloc(tls, libc.Tsize_t(uintptr(n)*(c.pageSize+notesSize)))
	if memory == 0 {
		return
	}
	b := block{memory, make([]page, n)}
	c.blocks = append(c.blocks, b)
	for i := range b.pages {
		p := &b.pages[i]
		notes := memory + uintptr(n)*c.pageSize + uintptr(i)*notesSize
		p.seen = at[seen](notes)
		p.seen.FpBuf, p.seen.FpExtra = memory+uintptr(i)*c.pageSize, notes+unsafe.Sizeof(seen{})
		p.seen.page = uintptr(unsafe.Pointer(p))
		p.chain, c.free = c.free, p
	}
}

func (c *pageCache) bucket(key uint32) **page { return &c.buckets[key&uint32(len(c.buckets)-1)] }

func (c *pageCache) insert(p *page, key uint32) {
	b := c.bucket(key)
	p.key, p.chain, *b = key, *b, p
	c.topKey = max(c.topKey, key)
	c.count++
}

func (c *pageCache) remove(p *page) {
	at := c.bucket(p.key)
	for *at != p {
		at = &(*at).chain
	}
	*at, p.chain = p.chain, nil
	c.count--
}

// widen doubles the buckets.
func (c *pageCache) widen() {
	old := c.buckets
	c.buckets = make([]*page, 2*len(old))
	for _, p := range old {
		for p != nil {
			after, b := p.chain, c.bucket(p.key)
			p.chain, *b = *b, p
			p = after
		}
	}
}
