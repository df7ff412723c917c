package email

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Servers that hold a broken mail answer NO to every FETCH that includes it, or leave it out of the answer. Passing over it
// would lose it without a trace, waiting for it would hold up all that came after: it is asked for by itself, a few times,
// and then quarantined as what the server does not give.

// withheld counts how often a server did not give a mail that it lists, by UID, over the connections to a mailbox.
type withheld map[int64]int

// maxWithheld is after how many times a mail is quarantined.
const maxWithheld = 3

// fetchWhole fetches mails, and those that a FETCH of several did not bring once more by themselves. What has left the
// server is passed over. It is an error, for the session, as long as the server may give a mail after all.
func (c *Channel) fetchWhole(ctx context.Context, client *imapclient.Client, m *mailbox, mails []uidSize) ([]fetched, error) {
	out, err := c.fetch(ctx, client, m, mails)
	switch {
	case errors.Is(err, errTwice):
		out = nil
	case err != nil && !refused(err):
		return nil, err
	}
	have := map[int64]bool{}
	for _, f := range out {
		have[f.UID] = true
	}
	for _, missing := range mails {
		if have[int64(missing.uid)] {
			continue
		}
		f, err := c.fetchAlone(ctx, client, m, missing)
		if err != nil {
			return nil, err
		}
		out = append(out, f...)
	}
	return out, nil
}

// fetchAlone fetches one mail; none if it is not on the server any more.
func (c *Channel) fetchAlone(ctx context.Context, client *imapclient.Client, m *mailbox, mail uidSize) ([]fetched, error) {
	uid := int64(mail.uid)
	out, err := c.fetch(ctx, client, m, []uidSize{mail})
	if err != nil && !refused(err) {
		return nil, err
	}
	if len(out) > 0 {
		delete(m.kept, uid)
		return out, nil
	}
	listed, lerr := within(client, c.IMAPTimeout, client.Fetch(imap.UIDSetNum(mail.uid), &imap.FetchOptions{UID: true}).Collect)
	if lerr != nil {
		return nil, fmt.Errorf("look whether mail %d is still there: %w", uid, lerr)
	}
	if len(listed) == 0 {
		return nil, nil
	}
	if err == nil {
		err = errors.New("the server lists it and does not give it")
	}
	if m.kept[uid]++; m.kept[uid] < maxWithheld {
		return nil, fmt.Errorf("mail %d: %w", uid, err)
	}
	delete(m.kept, uid)
	return []fetched{{UID: uid, Size: mail.size, Rule: ruleWithheld, Reason: clean(err.Error()), Deleted: mail.deleted}}, nil
}

// refused reports whether an error is a server's answer to a command, after which the connection goes on.
func refused(err error) bool {
	var answer *imap.Error
	return errors.As(err, &answer) && answer.Type != imap.StatusResponseTypeBye
}
