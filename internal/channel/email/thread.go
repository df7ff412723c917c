package email

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// plusTag is the part of a reply address that names a conversation: local+conv-<uuid v4>@domain.
var plusTag = regexp.MustCompile(`(?i)\+conv-([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})@`)

// addressed are the headers in which a reply address may stand, the surest first.
var addressed = []string{"Delivered-To", "X-Original-To", "To", "Cc"}

// maxReferences bounds how many Message-IDs of one mail are looked up, the nearest ancestors first.
const maxReferences = 50

// threadOf returns the conversation that a mail continues, nil for a new one: the one its reply address names, else the
// one that holds the message it answers (In-Reply-To, References: RFC 5322 §3.6.4). Both only within the inbox that
// received it, and only if the sender takes part in the conversation: Message-IDs and reply addresses travel with
// every quoted and forwarded mail, so knowing one proves nothing. Nor does the sender's address prove anything where the
// server that took the mail in found it forged: such a mail never joins a conversation. The subject is never a key.
// Of a mail that joins none for one of these reasons, lead is the conversation that it would have continued.
func (c *Channel) threadOf(ctx context.Context, q db.Querier, in inbox.Inbox, m *mail.Message, from string) (joins *conversation.Thread, lead *conversation.Lead, err error) {
	forged := m.Header.AuthResults().Forged()
	joinsOrLeads := func(t *conversation.Thread, err error) (bool, error) {
		if t == nil || err != nil {
			return false, err
		}
		reason := conversation.LeadVerdict
		if !forged {
			if ok, err := c.Conversations.Involves(ctx, q, t.ConversationID, from); ok || err != nil {
				return ok, err
			}
			reason = conversation.LeadAddress
		}
		if lead == nil {
			lead = &conversation.Lead{ConversationID: t.ConversationID, Reason: reason}
		}
		return false, nil
	}
	for _, id := range plusTags(m) {
		t, err := c.Conversations.ThreadByUUID(ctx, q, in.ID, id)
		ok, err := joinsOrLeads(t, err)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			t, err = c.splitOff(ctx, q, in, m, from, id, t)
			return t, nil, err
		}
	}
	ids := ancestors(m)
	if len(ids) == 0 {
		return nil, lead, nil
	}
	t, err := c.Conversations.ThreadBySource(ctx, q, in.ID, ids)
	if ok, err := joinsOrLeads(t, err); ok || err != nil {
		return t, nil, err
	}
	return nil, lead, nil
}

// splitOff returns the conversation that was split off from the one that a reply address names and has what the mail answers:
// the address was given out before. It is the addressed one in all other cases.
func (c *Channel) splitOff(ctx context.Context, q db.Querier, in inbox.Inbox, m *mail.Message, from, named string, addressed *conversation.Thread) (*conversation.Thread, error) {
	ids := ancestors(m)
	if len(ids) == 0 {
		return addressed, nil
	}
	t, err := c.Conversations.ThreadBySource(ctx, q, in.ID, ids)
	if t, err = c.ifInvolved(ctx, q, t, err, from); t == nil || err != nil {
		return addressed, err
	}
	split, err := c.Conversations.SplitOff(ctx, q, t.ConversationID, strings.ToLower(named))
	if !split || err != nil {
		return addressed, err
	}
	return t, nil
}

func (c *Channel) ifInvolved(ctx context.Context, q db.Querier, t *conversation.Thread, err error, from string) (*conversation.Thread, error) {
	if t == nil || err != nil {
		return nil, err
	}
	ok, err := c.Conversations.Involves(ctx, q, t.ConversationID, from)
	if !ok || err != nil {
		return nil, err
	}
	return t, nil
}

func plusTags(m *mail.Message) (out []string) {
	for _, name := range addressed {
		for _, value := range m.Header.Values(name) {
			for _, found := range plusTag.FindAllStringSubmatch(value, 4) {
				if !slices.Contains(out, found[1]) && len(out) < 8 {
					out = append(out, found[1])
				}
			}
		}
	}
	return out
}

// ancestors lists the Message-IDs a mail refers to, the nearest last.
func ancestors(m *mail.Message) []string {
	var ids []string
	for _, id := range append(slices.Clone(m.References), m.InReplyTo...) {
		if id != "" && len(id) < 1000 {
			ids = append(ids, clean(id))
		}
	}
	return ids[max(0, len(ids)-maxReferences):]
}
