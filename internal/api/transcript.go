package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// recordRoutes are what is kept of a conversation beside its messages.
func recordRoutes(a *API) {
	c := a.Conversations
	route(a, http.MethodGet, "/conversations/{uuid}/page-visits", "Pages of the host's site that the contact looked at in the last 24 hours, newest first", need(role.ConversationsRead),
		func(ctx context.Context, p *agent.Principal, in *ConversationPath) ([]contact.Visit, error) {
			return c.PageVisits(ctx, p, in.UUID)
		})
	a.file("/conversations/{uuid}/transcript", role.MessagesRead, "The public messages of a conversation as text, oldest first", "text/plain", a.transcript)
}

// transcript writes a conversation down in the desk's language. It is written as it is read, however long it is.
func (a *API) transcript(w http.ResponseWriter, r *http.Request, p *agent.Principal) error {
	t, err := a.Conversations.Transcript(r.Context(), p, r.PathValue("uuid"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="transcript-`+t.Reference+`.txt"`)
	out := bufio.NewWriter(w)
	a.transcriptHead(out, t)
	err = t.Each(r.Context(), func(m *conversation.Message) error {
		a.transcriptEntry(out, m)
		return nil
	})
	if err != nil {
		return brokeOff{err}
	}
	return out.Flush()
}

func (a *API) transcriptHead(w io.Writer, t *conversation.Transcript) {
	line := func(key, value string) {
		if value = oneLine(value); value != "" {
			_, _ = fmt.Fprintf(w, "%s: %s\n", a.Translate("", key, nil), value)
		}
	}
	line("transcript.conversation", "#"+t.Reference)
	line("transcript.subject", t.Subject)
	line("transcript.contact", t.ContactFirstName+" "+t.ContactLastName)
	line("transcript.created", utc(t.CreatedAt))
	line("transcript.downloaded", utc(db.Now()))
	_, _ = fmt.Fprintln(w, strings.Repeat("-", 60))
}

func (a *API) transcriptEntry(w io.Writer, m *conversation.Message) {
	role := "transcript.contact"
	if m.SenderType == conversation.SenderAgent {
		role = "transcript.agent"
	}
	_, _ = fmt.Fprintf(w, "\n[%s] %s (%s):\n%s\n", utc(m.CreatedAt), oneLine(m.Author.FirstName+" "+m.Author.LastName),
		a.Translate("", role, nil), strings.TrimSpace(m.TextContent))
	var names []string
	for _, f := range m.Attachments {
		names = append(names, f.Name)
	}
	if len(names) > 0 {
		_, _ = fmt.Fprintf(w, "%s: %s\n", a.Translate("", "transcript.attachments", nil), strings.Join(names, ", "))
	}
}

func utc(t db.Time) string { return t.UTC().Format("Jan 02, 2006 03:04 PM MST") }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
