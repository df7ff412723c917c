package conversation

import (
	"context"
	"fmt"
	"html"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// Forward is a public message that a reply passes on to somebody else: it stands below the reply's own text.
type Forward struct {
	Message string   `json:"message" doc:"uuid of a public message of the conversation"`
	Intro   string   `json:"intro,omitempty" doc:"HTML between the text and what is passed on, such as whom it came from"`
	Files   []string `json:"files,omitempty" nullable:"true" doc:"uuids of those of its attachments that go with it"`
}

// passedOn reads the message that is passed on. Errors: NotFound and Forbidden as for the conversation; Invalid names the
// field.
func (s *Service) passedOn(ctx context.Context, p *agent.Principal, conversation string, f Forward) (*Message, error) {
	if !p.Can(role.MessagesRead) {
		return nil, fault.Denied()
	}
	m, err := s.Message(ctx, p, conversation, f.Message)
	if fault.Is(err, fault.Invalid) {
		return nil, fault.Field("forward.message", "error.uuid_invalid")
	}
	if err != nil {
		return nil, err
	}
	if m.Private || m.Type == TypeActivity {
		return nil, fault.Field("forward.message", "error.forward_private")
	}
	if len(f.Intro) > maxContent {
		return nil, fault.TooLong("forward.intro", maxContent)
	}
	for _, id := range f.Files {
		if !slices.ContainsFunc(m.Attachments, func(a media.Attachment) bool { return a.UUID == id }) {
			return nil, fault.Field("forward.files", "error.file_unknown", "value", id)
		}
	}
	return m, nil
}

// withForward returns the text of a reply with the message that it passes on below it.
func withForward(text string, f Forward, m *Message) string {
	original := m.Content
	if m.ContentType == "text" {
		original = `<div style="white-space: pre-wrap">` + html.EscapeString(m.Content) + `</div>`
	}
	return text + `<div>` + f.Intro + `</div><div>` + original + `</div>`
}

// forward puts the message that is passed on below the text of a reply and its chosen files beside the reply's own. They are
// copies, for a file belongs to one message; those of a reply that is refused are collected like any upload.
func (s *Service) forward(ctx context.Context, p *agent.Principal, conversation string, in *Send) error {
	if in.Forward == nil {
		return nil
	}
	m, err := s.passedOn(ctx, p, conversation, *in.Forward)
	if err != nil {
		return err
	}
	for _, id := range in.Forward.Files {
		c, err := s.files.Copy(ctx, id, p.ID)
		if err != nil {
			return err
		}
		in.Attachments = append(in.Attachments, c.ID)
	}
	in.Message, err = s.copyPictures(ctx, p, m, withForward(in.Message, *in.Forward, m))
	return err
}

// prepareForward makes ready what a reply passes on: of one that leaves later it is looked at only, and copied then.
func (s *Service) prepareForward(ctx context.Context, p *agent.Principal, conversation string, in *Send) error {
	if in.Forward != nil && (in.SendAt != nil || in.Hold > 0) {
		_, err := s.passedOn(ctx, p, conversation, *in.Forward)
		return err
	}
	return s.forward(ctx, p, conversation, in)
}

// copyPictures gives a text copies of the pictures in it that belong to the conversation of m.
func (s *Service) copyPictures(ctx context.Context, p *agent.Principal, m *Message, text string) (string, error) {
	root := s.root()
	var ids []string
	htmlx.RewriteURLs(text, func(tag, attr, url string) string {
		if id := ownImage(root, url); tag == "img" && attr == "src" && id != "" {
			ids = append(ids, id)
		}
		return url
	})
	files, err := draftFiles(ctx, s.db, ids)
	if err != nil {
		return "", err
	}
	copies := map[string]string{}
	for id, in := range files {
		if in != m.ConversationID {
			continue
		}
		c, err := s.files.Copy(ctx, id, p.ID)
		if err != nil {
			return "", fmt.Errorf("copy a picture: %w", err)
		}
		copies[id] = "/uploads/" + c.UUID
	}
	return htmlx.RewriteURLs(text, func(tag, attr, url string) string {
		if to := copies[ownImage(root, url)]; tag == "img" && attr == "src" && to != "" {
			return to
		}
		return url
	}), nil
}
