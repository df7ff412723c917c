package inbox

import "github.com/foyerdesk/foyer/internal/platform/db"

// Part is one of the ways in which the mail of an inbox moves.
type Part string

// The parts of an e-mail inbox.
const (
	Mailbox Part = "mailbox" // one of its mailboxes is read
	Sending Part = "sending" // its replies leave
)

// OutageState says how far an outage is.
type OutageState string

// The states of an outage. It is moot when nobody waits for its end any more: the inbox was disabled or deleted, or reads
// another mailbox.
const (
	OutageBegan OutageState = "began"
	OutageOver  OutageState = "over"
	OutageMoot  OutageState = "moot"
)

// Outage is the payload of the event that mail of an inbox came in or went out no more for too long, or does so again.
type Outage struct {
	State     OutageState `json:"state"`
	InboxID   int64       `json:"inbox_id"`
	InboxName string      `json:"inbox_name"`
	Part      Part        `json:"part"`
	Mailbox   string      `json:"mailbox,omitempty"` // which one, for that part
	Since     db.Time     `json:"since"`
	// Problem is the key of the catalogue's text that says what is wrong, with what fills it in; empty when nobody knows.
	Problem string            `json:"problem,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
}
