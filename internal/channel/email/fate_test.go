package email

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

func TestFateOfEachRecipient(t *testing.T) {
	const bo, eve, kim = "bo@x.test", "eve@x.test", "kim@x.test"
	now := db.Now()
	gone := func(a string) Recipient { return Recipient{a, 550, "5.1.1", "no such user"} }
	busy := func(a string) Recipient { return Recipient{a, 450, "4.2.0", "later"} }
	bounced := func(a string) db.JSON {
		return db.ToJSON([]conversation.Bounced{{Report: "r", Bounce: conversation.Bounce{Recipient: a, Action: "failed", StatusCode: "5.1.1", Message: "gone"}}})
	}
	for name, c := range map[string]struct {
		o       outboxRow
		res     attemptResult
		old     bool // there is no more time
		state   string
		reached string
		bounces string
		says    string
	}{
		"all have it":                 {res: attemptResult{asked: []string{bo, eve}, accepted: true}, state: "sent"},
		"one is unknown":              {res: attemptResult{asked: []string{bo, eve}, accepted: true, refused: []Recipient{gone(eve)}}, state: "sent", reached: bo, bounces: eve},
		"one is to wait":              {res: attemptResult{asked: []string{bo, eve}, accepted: true, refused: []Recipient{busy(eve)}, err: errors.New("later"), temporary: true}, state: "delayed", reached: bo, says: "later"},
		"one waits, one is unknown":   {res: attemptResult{asked: []string{bo, eve, kim}, accepted: true, refused: []Recipient{gone(eve), busy(kim)}, err: errors.New("later"), temporary: true}, state: "delayed", reached: bo, bounces: eve, says: "later"},
		"it waited too long":          {res: attemptResult{asked: []string{bo, eve}, accepted: true, refused: []Recipient{busy(eve)}, err: errors.New("later"), temporary: true}, old: true, state: "sent", reached: bo, bounces: eve},
		"nobody has it":               {res: attemptResult{asked: []string{bo, eve}, refused: []Recipient{gone(bo), gone(eve)}, err: errors.New("no such users")}, state: "failed", says: "no such users"},
		"nobody yet, one is unknown":  {res: attemptResult{asked: []string{bo, eve}, refused: []Recipient{gone(bo), busy(eve)}, err: errors.New("later"), temporary: true}, state: "delayed", bounces: bo, says: "later"},
		"nobody after all":            {o: outboxRow{Bounces: bounced(bo)}, res: attemptResult{asked: []string{eve}, refused: []Recipient{busy(eve)}, err: errors.New("later"), temporary: true}, old: true, state: "failed", bounces: bo + " " + eve, says: eve + ": later"},
		"the rest at the second time": {o: outboxRow{Reached: db.ToJSON([]string{bo})}, res: attemptResult{asked: []string{eve}, accepted: true}, state: "sent", reached: bo + " " + eve},
		"the rest is unknown":         {o: outboxRow{Reached: db.ToJSON([]string{bo})}, res: attemptResult{asked: []string{eve}, refused: []Recipient{gone(eve)}, err: errors.New("no such user")}, state: "sent", reached: bo, bounces: eve},
		"the mail is refused":         {o: outboxRow{Reached: db.ToJSON([]string{bo})}, res: attemptResult{asked: []string{eve}, err: errors.New("554 too large")}, state: "sent", reached: bo, bounces: eve},
		"the server is away":          {o: outboxRow{Reached: db.ToJSON([]string{bo})}, res: attemptResult{asked: []string{eve}, err: errors.New("away"), temporary: true}, state: "delayed", reached: bo, says: "away"},
		"nobody is left":              {o: outboxRow{Bounces: bounced(bo)}, state: "failed", bounces: bo, says: bo + ": gone"},
	} {
		t.Run(name, func(t *testing.T) {
			r := claimed{Attempts: 1, CreatedAt: now}
			if c.old {
				r.CreatedAt = db.At(now.Add(-giveUp - time.Minute))
			}
			f, err := judge(r, c.o, c.res, now)
			if err != nil {
				t.Fatal(err)
			}
			var lost []string
			for _, b := range f.delivery.Bounces {
				lost = append(lost, b.Recipient)
			}
			if f.delivery.State != c.state || strings.Join(f.reached, " ") != c.reached || strings.Join(lost, " ") != c.bounces || f.delivery.LastError != c.says {
				t.Errorf("%s, reached %v, lost %v: %q", f.delivery.State, f.reached, lost, f.delivery.LastError)
			}
			if waits := c.state == "delayed"; waits != (f.delivery.NextAttemptAt != nil) || waits != f.next.After(now.Time) {
				t.Errorf("next attempt %v", f.next)
			}
		})
	}
}

// A policy of the recipient's server, or one's own server, says nothing of the address.
func TestOnlyWhatIsSaidOfAnAddressMarksIt(t *testing.T) {
	for status, want := range map[string]bool{"5.1.1": true, "5.2.1": true, "5.0.0": true, "5.4.4": true, "5.7.1": false, "5.6.7": false, "5.3.4": false, "4.2.2": false, "": false, "5": false, "x": false} {
		if ofAddress(status) != want {
			t.Error(fmt.Sprintf("%q", status), !want)
		}
	}
}
