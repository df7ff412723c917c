package email

import (
	"context"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/flow/notify"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// Agents answer mails of notifications from their mail programs. Such a mail carries a ticket in its Message-ID and in its
// reply address: who it was for, about which conversation, until when it may be answered, signed. An answer never becomes a
// conversation, and nothing of it ever reaches a customer, since nothing but the ticket and the sender's address says who
// wrote it: the answer of that very agent becomes a private note, every other is ignored.

// noticeLife is for how long a notification may be answered.
const noticeLife = 30 * 24 * time.Hour

// noticePurpose is what tickets are signed for.
const noticePurpose = "answer to a notification"

// ticket says what a mail of a notification was about; the conversation is 0 for none.
type ticket struct {
	agentID, conversationID int64
	until                   time.Time
}

// ticketForm is a ticket as it is written: in letters and digits whose case does not matter, as mail servers change it.
const ticketForm = `([0-9a-z]{1,13})-([0-9a-z]{1,13})-([0-9a-z]{1,8})-([a-z2-7]{26})`

var (
	ticketInAddress = regexp.MustCompile(`(?i)\+note-(` + ticketForm + `)@`)
	ticketInID      = regexp.MustCompile(`(?i)^note-(` + ticketForm + `)\.`)
	ticketText      = regexp.MustCompile(`^` + ticketForm + `$`)
)

func (t ticket) fields() string {
	return strings.Join([]string{strconv.FormatInt(t.agentID, 36), strconv.FormatInt(t.conversationID, 36), strconv.FormatInt(t.until.Unix()/3600, 36)}, "-")
}

// write returns the ticket signed.
func (t ticket) write(box *crypt.Box) string {
	return t.fields() + "-" + box.Tag(noticePurpose, t.fields())
}

// readTicket returns a ticket of ours; false if it is not.
func readTicket(box *crypt.Box, text string) (t ticket, ok bool) {
	m := ticketText.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return t, false
	}
	var n [3]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(m[i+1], 36, 64); err != nil {
			return t, false
		}
	}
	t = ticket{n[0], n[1], time.Unix(n[2]*3600, 0)}
	return t, box.VerifyTag(noticePurpose, strings.Join(m[1:4], "-"), m[4])
}

// ticketOf returns the ticket of the notification that a mail answers: by the address it was sent to, else by the mail it
// names as the one it answers. "" if it answers none. A customer who answers what an agent passed on to them names the
// agent's mail, not the notification in it.
func ticketOf(m *mail.Message) string {
	for _, name := range addressed {
		for _, value := range m.Header.Values(name) {
			if found := ticketInAddress.FindStringSubmatch(value); found != nil {
				return found[1]
			}
		}
	}
	for _, id := range m.InReplyTo {
		if found := ticketInID.FindStringSubmatch(id); found != nil {
			return found[1]
		}
	}
	return ""
}

// SendNotice sends the mail of a notification as [Channel.SendOwn] does. Its answer, if it is about a conversation, becomes a
// private note; the address for that needs an inbox with plus addressing.
func (c *Channel) SendNotice(ctx context.Context, l notify.Letter) error {
	t := ticket{l.AgentID, l.ConversationID, time.Now().Add(noticeLife)}.write(c.Box)
	m := ownMail{to: l.To, subject: l.Subject, html: l.HTML, name: "note-" + t + "." + crypt.Token(12)}
	if l.ConversationID != 0 {
		var err error
		if m.replyTo.Email, err = c.noticeAddress(ctx, l.ConversationID, t); err != nil {
			return err
		}
		m.replyTo.Name = l.Answers
	}
	return c.sendOwn(ctx, m)
}

// noticeAddress returns where a notification about a conversation is answered; "" if its inbox has no such addresses.
func (c *Channel) noticeAddress(ctx context.Context, conversationID int64, ticket string) (string, error) {
	var id int64
	err := c.DB.QueryRow(ctx, `SELECT i.id FROM conversations c JOIN inboxes i ON i.id = c.inbox_id
		WHERE c.id = $1 AND i.channel = 'email' AND i.enabled AND i.deleted_at IS NULL`, conversationID).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the inbox of conversation %d: %w", conversationID, err)
	}
	in, cfg, err := c.Inboxes.Decrypted(ctx, id)
	if err != nil || !cfg.EnablePlusAddressing {
		return "", err
	}
	address := plusAddress(in, cfg, "note-"+ticket)
	if local, _, _ := strings.Cut(address, "@"); len(local) > maxLocal {
		return "", nil
	}
	return address, nil
}

// maxLocal is how long the part of an address before the @ may be (RFC 5321 §4.5.3.1.1).
const maxLocal = 64

// answersNotice settles the answer to a mail of a notification.
func (c *Channel) answersNotice(ctx context.Context, tx *db.Tx, in inbox.Inbox, p parsed, files []media.Incoming, text string) (outcome, error) {
	ignored := func(why string) (outcome, error) {
		return outcome{state: stateIgnored, rule: ruleNotice, reason: "answer to a notification of the desk: " + why}, nil
	}
	t, ours := readTicket(c.Box, text)
	switch {
	case !ours:
		return ignored("its address is not one that the desk gave out")
	case t.conversationID == 0:
		return ignored("it is about no conversation")
	case time.Now().After(t.until):
		return ignored("it came too late")
	case p.mail.Header.AuthResults().Forged():
		return ignored("its sender is forged")
	}
	who, err := agent.PrincipalIn(ctx, tx, t.agentID)
	if err != nil {
		return outcome{}, err
	}
	if who == nil || !strings.EqualFold(who.Email, p.mail.From[0].Email) {
		return ignored("it is not from the agent who was told")
	}
	note, ok := noteOf(p, files)
	if !ok {
		return ignored("it is empty")
	}
	note.InboxID, note.Attach = in.ID, c.attaching(files)
	id, err := c.Conversations.NoteTx(ctx, tx, who, t.conversationID, note)
	if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) {
		return ignored("the agent may not write in the conversation any more")
	}
	if err != nil {
		return outcome{}, err
	}
	return outcome{state: stateFiled, messageID: &id}, nil
}

// noteOf makes a note of what an agent wrote, without what they answer; false if that is nothing.
func noteOf(p parsed, files []media.Incoming) (conversation.Note, bool) {
	n := conversation.Note{SourceID: clean(p.source), Cause: fmt.Sprintf("mail:%d", p.entry.ID)}
	if p.html != "" {
		n.HTML, _ = htmlx.SplitQuote(p.html)
	} else if words := strings.TrimSpace(htmlx.StripQuotedText(p.text)); words != "" {
		n.HTML = "<p>" + strings.ReplaceAll(html.EscapeString(words), "\n", "<br>") + "</p>"
	}
	n.HTML = clean(n.HTML)
	n.Encloses = media.KindOf(files)
	return n, len(files) > 0 || strings.TrimSpace(htmlx.Text(n.HTML)) != ""
}

// plusAddress returns an address of an inbox with a tag; "" if it has no address.
func plusAddress(in inbox.Inbox, cfg inbox.EmailConfig, tag string) string {
	base := conversation.BareAddress(cfg.ReplyTo)
	if base == "" {
		base = conversation.BareAddress(in.From)
	}
	at := strings.LastIndexByte(base, '@')
	if at < 0 {
		return ""
	}
	return base[:at] + "+" + tag + base[at:]
}
