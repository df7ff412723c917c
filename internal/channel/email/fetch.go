package email

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// fetched is a mail whose bytes are in the blob store. Rule and Reason are set when it is quarantined unread.
type fetched struct {
	UID    int64
	Size   int64
	Blob   string
	Raw    []byte
	Rule   string
	Reason string
	twice  bool
	// Deleted is a mail that the server had marked as deleted when it was first seen.
	Deleted bool
}

type uidSize struct {
	uid     imap.UID
	size    int64
	deleted bool
}

// newMails asks for UID and size of every mail above the mark, in ascending order.
func (c *Channel) newMails(client *imapclient.Client, m *mailbox) ([]uidSize, error) {
	var set imap.UIDSet
	set.AddRange(imap.UID(m.LastUID+1), 0) // n:*
	msgs, err := within(client, c.IMAPTimeout, client.Fetch(set, &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true}).Collect)
	if err != nil {
		return nil, fmt.Errorf("list new mail: %w", err)
	}
	var out []uidSize
	for _, msg := range msgs {
		// "n:*" names the last mail even when its UID is below n (RFC 3501 §6.4.8).
		if int64(msg.UID) > m.LastUID {
			out = append(out, uidSize{msg.UID, msg.RFC822Size, slices.Contains(msg.Flags, imap.FlagDeleted)})
		}
	}
	slices.SortFunc(out, func(a, b uidSize) int { return cmp.Compare(a.uid, b.uid) })
	return slices.CompactFunc(out, func(a, b uidSize) bool { return a.uid == b.uid }), nil
}

// fetch stores the bodies of mails as blobs. BODY.PEEK leaves \Seen as it is. A mail that vanished meanwhile is passed
// over; one over the limit is not read. With an error come those that were fetched before it.
func (c *Channel) fetch(ctx context.Context, client *imapclient.Client, m *mailbox, mails []uidSize) ([]fetched, error) {
	var set imap.UIDSet
	var out []fetched
	asked := map[int64]bool{}
	total := int64(0)
	for _, s := range mails {
		if s.size > maxMail {
			out = append(out, fetched{UID: int64(s.uid), Size: s.size, Rule: ruleLarge, Reason: tooLarge})
			continue
		}
		total += s.size
		set.AddNum(s.uid)
		asked[int64(s.uid)] = true
	}
	if len(asked) == 0 {
		return markDeleted(out, mails), nil
	}
	timeout := c.IMAPTimeout + time.Duration(total/(64<<10))*time.Second // at least 64 kB a second
	read := func() ([]fetched, error) {
		cmd := client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		var err error
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			f, ferr := c.fetchOne(ctx, msg, m, asked)
			if ferr != nil {
				err = errors.Join(err, ferr)
			} else if f.twice && len(mails) > 1 {
				err = errors.Join(err, errTwice)
			} else if f.Blob != "" || f.Reason != "" {
				asked[f.UID] = false // once
				out = append(out, f)
			}
		}
		return out, errors.Join(err, cmd.Close())
	}
	got, err := within(client, timeout, read)
	if err != nil {
		err = fmt.Errorf("fetch mail: %w", err)
	}
	return markDeleted(got, mails), err
}

// markDeleted notes of fetched mails which of them the list of new ones had as deleted.
func markDeleted(got []fetched, listed []uidSize) []fetched {
	deleted := map[int64]bool{}
	for _, s := range listed {
		deleted[int64(s.uid)] = s.deleted
	}
	for i := range got {
		got[i].Deleted = deleted[got[i].UID]
	}
	return got
}

var tooLarge = fmt.Sprintf("larger than %d MB", maxMail>>20)

// fetchOne stores one mail of a FETCH answer. A large mail goes from the connection to the blob store without being
// held in memory, which needs its UID beforehand: the only one that was asked for, or one named ahead of the body. What
// was not asked for is left alone: it is no mail, or not its turn. What the server said of a mail's size is no promise, so
// the limit counts for what it really sends, too.
func (c *Channel) fetchOne(ctx context.Context, msg *imapclient.FetchMessageData, m *mailbox, asked map[int64]bool) (f fetched, err error) {
	if len(asked) == 1 {
		for only := range asked {
			f.UID = only
		}
	}
	var raw []byte
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			if f.UID = int64(item.UID); !asked[f.UID] {
				return pastOne(msg, f.UID, asked), nil
			}
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			size := item.Literal.Size()
			switch {
			case size > maxMail:
				f.Size, f.Rule, f.Reason = size, ruleLarge, tooLarge // the client library reads past it
			case size > keepInMemory && f.UID != 0:
				err = c.storeRaw(ctx, &f, m, item.Literal)
			default:
				raw = make([]byte, size)
				_, err = io.ReadFull(item.Literal, raw)
			}
			if err != nil {
				return f, fmt.Errorf("read a mail: %w", err)
			}
		}
	}
	if !asked[f.UID] {
		_, got := asked[f.UID]
		return fetched{twice: got && raw != nil}, nil
	}
	if raw == nil {
		return f, nil
	}
	if err := c.storeRaw(ctx, &f, m, bytes.NewReader(raw)); err != nil {
		return f, err
	}
	if len(raw) <= keepInMemory {
		f.Raw = raw
	}
	return f, nil
}

// errTwice is returned when a server gives one mail of several twice: one of the two may be another mail.
var errTwice = errors.New("the server gives a mail twice")

// pastOne passes over the rest of an answer about a mail that is not wanted, or not any more.
func pastOne(msg *imapclient.FetchMessageData, uid int64, asked map[int64]bool) (f fetched) {
	for item := msg.Next(); item != nil; item = msg.Next() {
		if _, body := item.(imapclient.FetchItemDataBodySection); body {
			_, f.twice = asked[uid]
		}
	}
	return f
}

func (c *Channel) storeRaw(ctx context.Context, f *fetched, m *mailbox, r io.Reader) (err error) {
	f.Blob = rawName(m.ID, m.UIDValidity, f.UID)
	f.Size, err = c.Blobs.Put(ctx, f.Blob, r)
	return err
}

// rawName is the blob name of a mail; fetching the mail again replaces the blob.
func rawName(mailboxID, uidValidity, uid int64) string {
	return fmt.Sprintf("mail-%d-%d-%d", mailboxID, uidValidity, uid)
}
