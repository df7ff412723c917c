package email

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/mail"
)

func TestMailsOfOneKinAreFiledInOrderAndOthersBeside(t *testing.T) {
	t.Parallel()
	s := newStrands(backlog)
	var mu sync.Mutex
	filed := map[string][]int{}
	all := make(chan struct{})
	var meeting sync.WaitGroup
	meeting.Add(filers)
	go func() { meeting.Wait(); close(all) }()
	for i := range 200 {
		sender := fmt.Sprint("from:", i%filers)
		s.run([]string{sender, fmt.Sprint("id:", i)}, func() error {
			if i < filers { // the first of each are only done once all of them have begun
				meeting.Done()
				<-all
			}
			mu.Lock()
			defer mu.Unlock()
			filed[sender] = append(filed[sender], i)
			return nil
		})
	}
	if err := s.wait(); err != nil {
		t.Fatal(err)
	}
	for sender, order := range filed {
		if len(order) != 200/filers || !slices.IsSorted(order) {
			t.Errorf("%s was filed as %v", sender, order)
		}
	}
}

func TestAFewMailsAreFiledAsTheyCame(t *testing.T) {
	t.Parallel()
	s := newStrands(backlog - 1)
	var order []int // without a lock: one at a time
	for i := range backlog - 1 {
		s.run([]string{fmt.Sprint("from:", i)}, func() error { order = append(order, i); return nil })
	}
	if err := s.wait(); err != nil || !slices.IsSorted(order) || len(order) != backlog-1 {
		t.Errorf("%v, %v", order, err)
	}
}

func TestTroubleWithOneMailIsReturned(t *testing.T) {
	t.Parallel()
	s, trouble := newStrands(backlog), errors.New("the database is away")
	s.run(nil, func() error { return trouble })
	if err := s.wait(); !errors.Is(err, trouble) || !s.failed() {
		t.Errorf("%v", err)
	}
}

func TestKinOfAMail(t *testing.T) {
	t.Parallel()
	m, err := mail.Parse([]byte("From: Bo <bo@x.test>\r\nTo: help+conv-0B9E0C2A-1111-4222-8333-444455556666@acme.test\r\nIn-Reply-To: <a@x.test>\r\nReferences: <b@x.test>\r\n\r\ntext"), mail.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	got := parsed{mail: m, source: "own@x.test"}.kin()
	for _, want := range []string{"id:own@x.test", "from:bo@x.test", "id:a@x.test", "id:b@x.test", "conversation:0b9e0c2a-1111-4222-8333-444455556666"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not in %v", want, got)
		}
	}
	if kin := (parsed{}).kin(); kin != nil {
		t.Errorf("a mail that cannot be read has %v", kin)
	}
}
