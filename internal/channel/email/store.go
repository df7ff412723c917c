package email

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// filing is how a mail becomes a message. A fresh one opens a conversation whatever it answers; an automatic one only joins one,
// and nothing follows from it.
type filing struct {
	fresh, automatic bool
	known            *contact.Known // of who wrote it, if it was looked up
}

var errAnswersNothing = errors.New("an automatic answer to no conversation")

// store files the mail as a message of the conversation it belongs to, or of a new one. [errAnswersNothing] tells that an
// automatic one belongs to none.
func (c *Channel) store(ctx context.Context, tx *db.Tx, in inbox.Inbox, p parsed, from mail.Address, files []media.Incoming, how filing) (conversation.Received, error) {
	m := p.mail
	var thread *conversation.Thread
	var lead *conversation.Lead
	var err error
	if !how.fresh {
		if thread, lead, err = c.threadOf(ctx, tx, in, m, from.Email); err != nil {
			return conversation.Received{}, err
		}
	}
	if how.automatic && thread == nil {
		return conversation.Received{}, errAnswersNothing
	}
	author, created, err := c.author(ctx, tx, thread, from, how.known)
	if err != nil {
		return conversation.Received{}, err
	}
	if !created {
		if err := c.reached(ctx, tx, author, from, m.Header.AuthResults().Forged()); err != nil {
			return conversation.Received{}, err
		}
	}
	incoming := conversation.Incoming{
		InboxID: in.ID, AuthorID: author, Subject: clean(m.Subject), HTML: clean(p.html), Text: clean(p.text), SourceID: clean(p.source),
		Meta: envelopeMeta(m, from), Cause: fmt.Sprintf("mail:%d", p.entry.ID), Automatic: how.automatic, Lead: lead,
		Attach: c.attaching(files),
	}
	incoming.Encloses = media.KindOf(files)
	if thread == nil {
		return c.Conversations.OpenTx(ctx, tx, incoming)
	}
	if strings.EqualFold(thread.ContactEmail, from.Email) {
		incoming.AuthorID = thread.ContactID
	}
	return c.Conversations.AppendTx(ctx, tx, thread.ConversationID, incoming)
}

// visitorsAnswer is how long after the last mail of a chat an answer makes its visitor a contact.
const visitorsAnswer = 7 * 24 * time.Hour

// author returns the contact who wrote a mail, and whether they were made of it. The visitor of a chat who answers the mail by which it
// went on becomes one, if nobody else has the address.
func (c *Channel) author(ctx context.Context, tx *db.Tx, thread *conversation.Thread, from mail.Address, known *contact.Known) (id int64, created bool, err error) {
	if thread != nil && thread.Visitor && strings.EqualFold(thread.ContactEmail, from.Email) &&
		(thread.MailedAt == nil || time.Since(thread.MailedAt.Time) <= visitorsAnswer) {
		return thread.ContactID, false, contact.Promote(ctx, tx, c.Events, thread.ContactID)
	}
	first, last := names(from)
	identity := contact.Identity{Email: from.Email, FirstName: first, LastName: last}
	switch {
	case known == nil:
		return contact.FindOrCreate(ctx, tx, identity)
	case known.ID != 0:
		return known.ID, false, nil
	}
	id, err = contact.Create(ctx, tx, identity)
	return id, err == nil, err
}

// reached notes of a contact who was there before that they wrote: by which name, unless the mail may be forged, and that their
// address is one that mail reaches.
func (c *Channel) reached(ctx context.Context, tx *db.Tx, id int64, from mail.Address, forged bool) error {
	if !forged {
		first, last := names(from)
		if err := contact.Introduce(ctx, tx, c.Events, id, first, last); err != nil {
			return err
		}
	}
	return contact.ClearBounced(ctx, tx, id)
}

// names takes the name that a mail is written under apart.
func names(from mail.Address) (first, last string) {
	first, last, _ = strings.Cut(strings.TrimSpace(from.Name), " ")
	return clean(first), clean(strings.TrimSpace(last))
}

// envelopeMeta is what the thread shows of a mail's header. From is who wrote it, as answers go there; via is through whom it came.
func envelopeMeta(m *mail.Message, from mail.Address) map[string]any {
	meta := map[string]any{"subject": clean(m.Subject)}
	for key, list := range map[string][]mail.Address{"from": m.From, "to": m.To, "cc": m.Cc, "bcc": m.Bcc} {
		bare := make([]string, 0, len(list))
		for _, a := range list {
			if a.Email != "" && len(bare) < 200 {
				bare = append(bare, clean(a.Email))
			}
		}
		meta[key] = bare
	}
	if !m.Date.IsZero() {
		meta["date"] = m.Date.UTC().Format(time.RFC3339)
	}
	if len(m.From) > 0 && m.From[0].Email != from.Email {
		meta["from"], meta["via"] = []string{clean(from.Email)}, clean(m.From[0].Email)
	}
	if from.Name != "" {
		meta["from_name"] = clean(from.Name)
	}
	if verdict := m.Header.AuthResults(); verdict != nil {
		meta["authentication"] = verdict
	}
	if len(m.Problems) > 0 {
		meta["problems"] = m.Problems[:min(len(m.Problems), 10)]
	}
	return meta
}
