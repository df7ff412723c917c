package bench

import (
	"net/smtp"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestOwnMailServersHoldWhatIsDeliveredEitherWay(t *testing.T) {
	box, err := ownMailbox()
	if err != nil {
		t.Fatal(err)
	}
	defer box.close()
	if err := box.deliver(mailText("one"), mailText("two")); err != nil {
		t.Fatal(err)
	}
	other, err := (&MailCmd{IMAP: box.imap, IMAPTLS: "none", User: box.user, Pass: box.pass, SMTP: box.smtp}).mailbox()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.deliver(mailText("three")); err != nil {
		t.Fatal(err)
	}
	c, err := imapclient.DialInsecure(box.imap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Login(box.user, box.pass).Wait(); err != nil {
		t.Fatal(err)
	}
	status, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil || *status.NumMessages != 3 {
		t.Errorf("the mailbox holds %+v, %v; want 3", status, err)
	}
	if err := smtp.SendMail(box.smtp, nil, "a@x.example", []string{"b@x.example"}, mailText("four")); err != nil {
		t.Errorf("the sink refused a mail: %v", err)
	}
}

func TestLooksAtTheMailsBecomeFrequentTowardsTheEnd(t *testing.T) {
	for _, c := range []struct {
		filed, count int
		after, want  time.Duration
	}{
		{0, 3000, 0, 10 * time.Millisecond},
		{0, 3000, time.Second, 500 * time.Millisecond},
		{1500, 3000, 2 * time.Second, 250 * time.Millisecond},
		{2990, 3000, 4 * time.Second, 10 * time.Millisecond},
	} {
		if got := untilNextLook(c.filed, c.count, c.after); got != c.want {
			t.Errorf("%d of %d after %s: %s, wanted %s", c.filed, c.count, c.after, got, c.want)
		}
	}
}
