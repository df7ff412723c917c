package email

import (
	"slices"
	"strings"
	"sync"
)

const (
	// backlog is from how many mails on a batch is filed several at a time. A few that come together are filed in the order in
	// which they came.
	backlog = 20
	// filers is how many mails of a backlog are filed at the same time: the database is waited for, not the processor.
	filers = 4
)

// strands files mails at the same time that have nothing to do with each other, and those that have one after another, in
// the order in which they are given. It is used by one goroutine.
type strands struct {
	room   chan struct{}
	inHand map[string]chan struct{} // by what mails have in common; closed when the last of them is filed
	group  sync.WaitGroup
	mu     sync.Mutex
	err    error
}

func newStrands(mails int) *strands {
	width := 1
	if mails >= backlog {
		width = filers
	}
	return &strands{room: make(chan struct{}, width), inHand: map[string]chan struct{}{}}
}

// run calls file once there is room for it and everything with one of the same kin is filed.
func (s *strands) run(kin []string, file func() error) {
	for _, k := range kin {
		if before := s.inHand[k]; before != nil {
			<-before
		}
	}
	s.room <- struct{}{}
	done := make(chan struct{})
	for _, k := range kin {
		s.inHand[k] = done
	}
	s.group.Go(func() {
		defer func() { <-s.room }()
		defer close(done)
		if err := file(); err != nil {
			s.fail(err)
		}
	})
}

func (s *strands) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *strands) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

// wait returns the first error once everything is done.
func (s *strands) wait() error {
	s.group.Wait()
	return s.err
}

// kin is what a mail has in common with others that must be filed before or after it: its sender, its own Message-ID, those that it
// answers or reports on, and the reply addresses that it is to.
func (p parsed) kin() []string {
	if p.mail == nil {
		return nil
	}
	out := []string{"id:" + p.source}
	for _, a := range slices.Concat(p.mail.From, p.mail.ReplyTo) { // of which one is who wrote it
		out = append(out, "from:"+a.Email)
	}
	for _, id := range ancestors(p.mail) {
		out = append(out, "id:"+id)
	}
	for _, id := range plusTags(p.mail) {
		out = append(out, "conversation:"+strings.ToLower(id))
	}
	if report, ok := p.mail.Bounce(); ok {
		out = append(out, "id:"+report.OriginalID)
	}
	return out
}
