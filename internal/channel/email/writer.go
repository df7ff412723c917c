package email

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// writer returns who wrote a mail: its From, or, where that is one of the inbox's relays, such as a contact form or a group, the
// Reply-To. That is no more than the relay's word; it is asked for nothing that a From is not asked for. The inbox itself is nobody
// who writes to it.
func (c *Channel) writer(ctx context.Context, q db.Querier, in inbox.Inbox, m *mail.Message) (mail.Address, error) {
	from := m.From[0]
	if len(m.ReplyTo) == 0 || strings.EqualFold(m.ReplyTo[0].Email, from.Email) {
		return from, nil
	}
	var config db.JSON
	if err := q.QueryRow(ctx, `SELECT config FROM inboxes WHERE id = $1`, in.ID).Scan(&config); err != nil {
		return from, fmt.Errorf("read the settings of inbox %d: %w", in.ID, err)
	}
	var cfg inbox.EmailConfig
	if err := config.Decode(&cfg); err != nil || !relays(cfg.Relays, from.Email) {
		return from, err
	}
	own := []string{conversation.BareAddress(in.From), conversation.BareAddress(cfg.ReplyTo)}
	for _, a := range m.ReplyTo {
		bare := strings.ToLower(plusTag.ReplaceAllString(a.Email, "@"))
		if bare != "" && !slices.Contains(own, bare) && !relays(cfg.Relays, bare) {
			return a, nil
		}
	}
	return from, nil
}

// relays reports whether an address is among relays, which are addresses and domains.
func relays(list []string, address string) bool {
	address = strings.ToLower(address)
	return slices.Contains(list, address) || slices.Contains(list, address[strings.LastIndexByte(address, '@')+1:])
}
