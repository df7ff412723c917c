package conversation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Bounce is what a mail server reported of one recipient's copy of a reply after it had left.
type Bounce struct {
	Recipient  string  `json:"recipient"`
	Action     string  `json:"action" enum:"failed,delayed"`
	StatusCode string  `json:"status_code"` // RFC 3463, such as 5.1.1
	Message    string  `json:"message"`     // the server's words
	At         db.Time `json:"at"`
}

// Bounced is a bounce as it is kept with the reply. Report identifies the report it came with; one that was Cleared is
// about an attempt before the reply was sent again.
type Bounced struct {
	Bounce
	Report  string `json:"report"`
	Cleared bool   `json:"cleared,omitempty"`
}

// OpenBounces returns the bounces that count, without what only the program needs.
func OpenBounces(raw db.JSON) (out []Bounce) {
	var all []Bounced
	_ = raw.Decode(&all) // written by the channel
	for _, b := range all {
		if !b.Cleared {
			out = append(out, b.Bounce)
		}
	}
	return out
}

// Recipients are the bare addresses that a message was sent to, each once.
func Recipients(meta db.JSON) (out []string) {
	var to struct{ To, CC, BCC []string }
	_ = meta.Decode(&to) // written by this package
	for _, list := range [][]string{to.To, to.CC, to.BCC} {
		for _, a := range list {
			if a = BareAddress(a); a != "" && !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// Words are what a bounce says, with whom it is about.
func (b Bounce) Words() string { return b.Recipient + ": " + b.reason() }

func (b Bounce) reason() string { return cmp.Or(strings.TrimSpace(b.Message), b.StatusCode) }

// BounceTx tells the conversation that a reply came back, in the caller's transaction: its message has failed if nobody
// is left whom it reached, the thread names who did not get it, its writer is told, and open screens change. It is no word of the
// customer and does not open a conversation; one whose answer reached nobody is opened again if it was resolved, and its customer
// waits again. d is the delivery's new state, news the bounces that are new in it.
func (s *Service) BounceTx(ctx context.Context, tx *db.Tx, messageID int64, cause string, d Delivery, news []Bounce) error {
	if d.State == StatusFailed {
		if err := s.SettleTx(ctx, tx, messageID, StatusFailed); err != nil {
			return err
		}
	}
	news = slices.DeleteFunc(slices.Clone(news), func(b Bounce) bool { return b.Action != StatusFailed })
	if len(news) == 0 {
		return s.noteDelivery(ctx, tx, messageID, d, "")
	}
	h, err := lockHolding(ctx, tx, messageID)
	if err != nil {
		return err
	}
	system, err := s.system(ctx, tx)
	if err != nil {
		return fmt.Errorf("note a bounce: %w", err)
	}
	var lost []string
	for _, b := range news {
		lost = append(lost, b.Words())
		params := map[string]string{"recipient": b.Recipient, "reason": b.reason()}
		if err := s.activity(ctx, tx, h, system, cause, "bounced", params, alongside{}); err != nil {
			return err
		}
	}
	if d.State == StatusFailed {
		if err := s.unanswered(ctx, tx, messageID, cause); err != nil {
			return err
		}
	}
	return s.noteDelivery(ctx, tx, messageID, d, strings.Join(lost, "\n"))
}
