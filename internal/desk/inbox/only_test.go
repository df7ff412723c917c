package inbox_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

func TestConnectionsOfOneAddressAtTheSameTimeMakeOneInbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := inbox.New(d, newBox(t, "k"))
		var wg sync.WaitGroup
		results := make(chan error, 8)
		for i := range cap(results) {
			in := input(twoServers)
			if i%2 == 1 {
				in.From = strings.ToUpper("billing@acme.test")
			}
			wg.Go(func() {
				_, err := s.CreateOnly(t.Context(), in)
				results <- err
			})
		}
		wg.Wait()
		close(results)
		made := 0
		for err := range results {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, inbox.ErrTaken):
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d inboxes", made)
		}
	})
}
