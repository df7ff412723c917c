package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// SentCopy is the job that puts a copy of a reply that left into the folder for sent mail of its inbox's first mailbox.
type SentCopy struct {
	MessageID int64 `json:"message_id"`
	InboxID   int64 `json:"inbox_id"`
}

// Kind implements jobs.Args.
func (SentCopy) Kind() string { return "email.sent_copy" }

// copyAttempts is how often a copy is tried: for some days.
const copyAttempts = 20

// KeepSent runs a [SentCopy]. A folder that has a mail with the reply's Message-ID gets no second one: a copy that was stored
// when the connection broke, or one that the provider keeps by itself.
func (c *Channel) KeepSent(ctx context.Context, job SentCopy) error {
	in, cfg, err := c.Inboxes.Decrypted(ctx, job.InboxID)
	if fault.Is(err, fault.NotFound) || err == nil && (!cfg.SentCopy || len(cfg.IMAP) == 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the inbox of a sent reply: %w", err)
	}
	l, err := c.letter(ctx, job.MessageID, in, cfg)
	if err != nil {
		if errors.Is(err, db.ErrNoRows) || !passes(err) {
			return jobs.Cancel(err) // it was deleted meanwhile
		}
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.copyTime(len(l.data)))
	defer cancel()
	return c.fileSent(ctx, cfg, c.tokens(job.InboxID, &cfg), l)
}

// copyTime is how long storing a copy may take in all.
func (c *Channel) copyTime(size int) time.Duration {
	return 6*c.IMAPTimeout + time.Duration(size/(32<<10))*time.Second
}

func (c *Channel) fileSent(ctx context.Context, cfg inbox.EmailConfig, tokens Tokens, l letter) error {
	client, err := connectIMAP(ctx, cfg.IMAP[0], tokens, c.IMAPTimeout, make(chan struct{}, 1))
	if err != nil {
		return fmt.Errorf("keep a copy of a sent reply: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer func() { stop(); _ = client.Close() }()
	folder := cfg.SentFolder
	if folder == "" {
		if folder, err = sentFolder(client, c.IMAPTimeout); err != nil {
			return joinContext(ctx, err)
		}
	}
	there, err := c.holdsMail(client, folder, l.messageID)
	if err != nil || there {
		return joinContext(ctx, err)
	}
	cmd := client.Append(folder, int64(len(l.data)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}, Time: l.date})
	_, err = cmd.Write(l.data)
	if err = errors.Join(err, cmd.Close()); err == nil {
		_, err = cmd.Wait()
	}
	if err != nil {
		return joinContext(ctx, fmt.Errorf("keep a copy of a sent reply in %s: %w", folder, err))
	}
	_ = client.Logout().Wait()
	return nil
}

// holdsMail opens a folder and reports whether a mail with a Message-ID is in it.
func (c *Channel) holdsMail(client *imapclient.Client, folder, messageID string) (bool, error) {
	if _, err := within(client, c.IMAPTimeout, client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait); err != nil {
		return false, fmt.Errorf("open the folder %s for sent mail: %w", folder, err)
	}
	found, err := within(client, c.IMAPTimeout, client.UIDSearch(&imap.SearchCriteria{
		Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: messageID}}}, nil).Wait)
	if err != nil {
		return false, fmt.Errorf("look for a copy in %s: %w", folder, err)
	}
	return len(found.AllUIDs()) > 0, nil
}

// sentNames are what servers that do not say which folder is for sent mail (RFC 6154) call it.
var sentNames = []string{"Sent", "INBOX.Sent", "INBOX/Sent", "Sent Items", "Sent Messages", "Sent Mail"}

var errNoSentFolder = errors.New("the mailbox has no folder for sent mail: name one in the inbox's settings")

// sentFolder returns the folder that the server says is for sent mail, else the one that is usually called so.
func sentFolder(client *imapclient.Client, limit time.Duration) (string, error) {
	caps := client.Caps()
	// Other servers say it unasked, if at all (RFC 6154 §2).
	asks := caps.Has(imap.CapSpecialUse) && (caps.Has(imap.CapListExtended) || caps.Has(imap.CapIMAP4rev2))
	options := &imap.ListOptions{ReturnSpecialUse: asks}
	folders, err := within(client, limit, client.List("", "*", options).Collect)
	if err != nil {
		return "", fmt.Errorf("list the folders: %w", err)
	}
	for _, f := range folders {
		if slices.Contains(f.Attrs, imap.MailboxAttrSent) {
			return f.Mailbox, nil
		}
	}
	for _, name := range sentNames {
		if slices.ContainsFunc(folders, func(f *imap.ListData) bool { return f.Mailbox == name }) {
			return name, nil
		}
	}
	return "", errNoSentFolder
}
