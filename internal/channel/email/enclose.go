package email

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// Of a message that a reply repeats, so many bytes of HTML and of pictures at the most.
const (
	maxHistory         = 100_000
	maxHistoryPictures = 5 << 20
)

// additions are what a mail has below the text of its reply.
type additions struct{ signature, history bool }

// enclose puts below the text of a reply the signatures and the message that it answers, and the pictures that the whole
// shows beside the reply's own files. What the thread shows of the reply stays as it was written.
func (c *Channel) enclose(ctx context.Context, o outgoing, in inbox.Inbox, cfg inbox.EmailConfig, add additions, files []mail.Attachment) (string, []mail.Attachment, error) {
	text := o.Content
	files, err := c.ownPictures(ctx, o.ConversationID, text, files)
	if err != nil {
		return "", nil, err
	}
	if add.signature {
		own, err := agent.Signature(ctx, c.DB, o.SenderID)
		if err != nil {
			return "", nil, err
		}
		for _, signature := range []string{own, cfg.Signature} {
			if signature != "" {
				text += `<br><div class="gmail_signature">` + fillNames(signature, in, o, html.EscapeString) + `</div>`
			}
		}
	}
	if !add.history {
		return text, files, nil
	}
	if _, quoted := htmlx.SplitQuote(o.Content); quoted != "" {
		return text, files, nil // its writer quoted what matters
	}
	return c.withHistory(ctx, o, text, files)
}

// answered is the message that a reply repeats.
type answered struct {
	ID          int64
	CreatedAt   db.Time
	Content     string
	ContentType string
	FirstName   string
	LastName    string
}

// withHistory repeats the message before the reply: what its own writer said, not what that repeated.
func (c *Channel) withHistory(ctx context.Context, o outgoing, text string, files []mail.Attachment) (string, []mail.Attachment, error) {
	m, err := db.Get[answered](ctx, c.DB, `SELECT m.id, m.created_at, m.content, m.content_type, u.first_name, u.last_name
		FROM messages m JOIN users u ON u.id = m.sender_id WHERE m.conversation_id = $1 AND m.id < $2 AND NOT m.private
		AND m.type IN ('incoming', 'outgoing') ORDER BY m.id DESC LIMIT 1`, o.ConversationID, o.ID)
	if errors.Is(err, db.ErrNoRows) {
		return text, files, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the message that is answered: %w", err)
	}
	said := repeated(m)
	if said == "" {
		return text, files, nil
	}
	lang, zone := "en-US", time.UTC
	if c.Voice != nil {
		lang, zone = c.Voice(ctx)
	}
	intro := i18n.T(lang, "composer.quote_said", map[string]string{"name": strings.TrimSpace(m.FirstName + " " + m.LastName),
		"time": m.CreatedAt.In(zone).Format("2006-01-02 15:04 MST")})
	text += `<br><div class="gmail_quote"><div dir="auto">` + html.EscapeString(intro) + `</div><blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">` +
		said + `</blockquote></div>`
	files, err = c.picturesOf(ctx, m.ID, said, files)
	return text, files, err
}

// repeated returns what is repeated of a message: of a long one, its words, cut.
func repeated(m answered) string {
	if m.ContentType == "text" {
		return htmlx.FromText(shortened(htmlx.StripQuotedText(m.Content)))
	}
	visible, _ := htmlx.SplitQuote(htmlx.Sanitize(m.Content))
	if len(visible) <= maxHistory {
		return strings.TrimSpace(visible)
	}
	return htmlx.FromText(shortened(htmlx.Text(visible)))
}

func shortened(text string) string {
	if len(text) <= maxHistory/2 {
		return strings.TrimSpace(text)
	}
	return strings.TrimSpace(strings.ToValidUTF8(text[:maxHistory/2], "")) + " …"
}

// shownPictures lists the content ids that the images of a text name.
func shownPictures(text string) (ids []string) {
	htmlx.RewriteURLs(text, func(tag, attr, url string) string {
		if id, ok := strings.CutPrefix(url, "cid:"); ok && tag == "img" && attr == "src" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		return url
	})
	return ids
}

func has(files []mail.Attachment, contentID string) bool {
	return slices.ContainsFunc(files, func(f mail.Attachment) bool { return f.ContentID == contentID })
}

// picturesOf adds the pictures of a message that a text shows, as far as they are not too large.
func (c *Channel) picturesOf(ctx context.Context, messageID int64, text string, files []mail.Attachment) ([]mail.Attachment, error) {
	shown := shownPictures(text)
	if len(shown) == 0 {
		return files, nil
	}
	all, err := c.Media.OfMessages(ctx, c.DB, []int64{messageID})
	if err != nil {
		return nil, err
	}
	room := int64(maxHistoryPictures)
	for _, f := range all[messageID] {
		if slices.Contains(shown, f.ContentID) && !has(files, f.ContentID) && f.Size <= room && !strings.ContainsAny(f.ContentID, "<> \t\r\n\x00") {
			room -= f.Size
			files = append(files, c.picture(ctx, f.UUID, f.Name, f.ContentType, f.ContentID))
		}
	}
	return files, nil
}

// ownPictures adds the pictures of the conversation's other messages that a reply shows by the ids that files of ours
// have: an image that was copied out of an earlier message belongs to that one.
func (c *Channel) ownPictures(ctx context.Context, conversationID int64, text string, files []mail.Attachment) ([]mail.Attachment, error) {
	for _, id := range shownPictures(text) {
		uuid, ours := strings.CutPrefix(id, media.InlineContentID(""))
		if !ours || has(files, id) {
			continue
		}
		var name, contentType string
		err := c.DB.QueryRow(ctx, `SELECT f.filename, f.content_type FROM media f JOIN messages m ON m.id = f.model_id
			WHERE f.uuid = $1 AND f.model_type = 'messages' AND m.conversation_id = $2 AND f.size <= $3`, uuid, conversationID, maxHistoryPictures).Scan(&name, &contentType)
		if errors.Is(err, db.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for a picture of the conversation: %w", err)
		}
		files = append(files, c.picture(ctx, uuid, name, contentType, id))
	}
	return files, nil
}

func (c *Channel) picture(ctx context.Context, uuid, name, contentType, contentID string) mail.Attachment {
	return mail.Attachment{Filename: name, ContentType: contentType, ContentID: contentID, Inline: true,
		Open: func() (io.ReadCloser, error) { return c.Blobs.Open(ctx, uuid) }}
}
