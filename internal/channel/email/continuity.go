package email

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// What applies where the settings of a chat inbox leave it open, or are not valid.
const (
	continuityOffline  = 10 * time.Minute
	continuityInterval = 15 * time.Minute
	continuityMost     = 10
	continuityMaximum  = 100
)

// chatConfig is what the mail channel reads of the settings of a chat inbox.
type chatConfig struct {
	WebsiteURL string `json:"website_url"`
	Continuity struct {
		OfflineThreshold    string `json:"offline_threshold"`
		MinEmailInterval    string `json:"min_email_interval"`
		MaxMessagesPerEmail int    `json:"max_messages_per_email"`
	}
}

// atLeastAMinute reads a duration in whole minutes.
func atLeastAMinute(text string, otherwise time.Duration) time.Duration {
	d, err := time.ParseDuration(text)
	if d = d.Truncate(time.Minute); err != nil || d < time.Minute {
		return otherwise
	}
	return d
}

// continuity returns how the chats of an inbox go on by mail.
func (cfg chatConfig) continuity() conversation.Continuity {
	c := conversation.Continuity{OfflineAfter: atLeastAMinute(cfg.Continuity.OfflineThreshold, continuityOffline),
		Interval: atLeastAMinute(cfg.Continuity.MinEmailInterval, continuityInterval), Most: cfg.Continuity.MaxMessagesPerEmail}
	if c.Most < 1 || c.Most > continuityMaximum {
		c.Most = continuityMost
	}
	return c
}

// website is the address of the page with the chat; "" for none that a browser could open.
func (cfg chatConfig) website() string {
	u, err := url.Parse(cfg.WebsiteURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

// ContinueChats sends what contacts have not seen of their chats by mail, in the inboxes that are linked to one of mail. Trouble
// with one chat does not keep the others back.
func (c *Channel) ContinueChats(ctx context.Context) error {
	type linked struct {
		ID, MailInboxID int64
		FromAddress     string
		Config          db.JSON
	}
	inboxes, err := db.Select[linked](ctx, c.DB, `SELECT i.id, e.id AS mail_inbox_id, e.from_address, i.config FROM inboxes i JOIN inboxes e ON e.id = i.linked_email_inbox_id
		WHERE i.channel = 'livechat' AND i.enabled AND i.deleted_at IS NULL AND e.channel = 'email' AND e.enabled AND e.deleted_at IS NULL ORDER BY i.id`)
	if err != nil {
		return fmt.Errorf("read the inboxes whose chats go on by mail: %w", err)
	}
	var failed error
	for _, in := range inboxes {
		var cfg chatConfig
		_ = in.Config.Decode(&cfg) // what cannot be read has its default
		rules := cfg.continuity()
		rules.InboxID, rules.MailInboxID, rules.From = in.ID, in.MailInboxID, in.FromAddress
		failed = errors.Join(failed, c.continueChats(ctx, rules, cfg.website()))
	}
	return failed
}

func (c *Channel) continueChats(ctx context.Context, rules conversation.Continuity, website string) (failed error) {
	for behind := int64(0); ctx.Err() == nil; {
		due, err := c.Conversations.DueForMail(ctx, rules, behind)
		if err != nil || len(due) == 0 {
			return errors.Join(failed, err)
		}
		for _, id := range due {
			behind = id
			_, err := c.Conversations.ContinueByMail(ctx, id, rules, func(u conversation.Unseen) string { return c.unseenText(ctx, u, website) })
			failed = errors.Join(failed, err)
		}
	}
	return errors.Join(failed, ctx.Err())
}

// unseenText writes the mail that tells of what was not seen: each message with who wrote it and when, and how to go on.
func (c *Channel) unseenText(ctx context.Context, u conversation.Unseen, website string) string {
	lang, zone := "en-US", time.UTC
	if c.Voice != nil {
		lang, zone = c.Voice(ctx)
	}
	var sb strings.Builder
	for _, m := range u.Messages {
		name, ai := m.Sender()
		if name == "" {
			name = i18n.T(lang, "continuity.unnamed", nil)
		}
		if ai {
			name = i18n.T(lang, "continuity.assistant", map[string]string{"name": name})
		}
		content := m.Content
		if m.ContentType == "text" {
			content = htmlx.FromText(m.Content)
		}
		fmt.Fprintf(&sb, `<div style="margin:0 0 16px"><div dir="auto"><b>%s</b> <span style="color:#6b7280">%s</span></div><div dir="auto">%s</div>`,
			html.EscapeString(name), m.CreatedAt.In(zone).Format("3:04 PM"), htmlx.Sanitize(content))
		if len(m.Files) > 0 {
			files := i18n.T(lang, "continuity.files", map[string]string{"names": strings.Join(m.Files, ", ")})
			fmt.Fprintf(&sb, `<div dir="auto" style="color:#6b7280">%s</div>`, html.EscapeString(files))
		}
		sb.WriteString(`</div>`)
	}
	fmt.Fprintf(&sb, `<hr><p dir="auto" style="color:#6b7280">%s`, html.EscapeString(i18n.T(lang, "continuity.footer", nil)))
	if website != "" {
		fmt.Fprintf(&sb, ` <a href="%s">%s</a>`, html.EscapeString(website), html.EscapeString(i18n.T(lang, "continuity.website", nil)))
	}
	sb.WriteString(`</p>`)
	return sb.String()
}
