package media

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// modelBranding is the model_type of pictures that stand for the desk. Anybody may see them, and they are never
// collected: mails that were sent show them for years.
const modelBranding = "branding"

// Public reports whether anybody may see the file.
func (m Media) Public() bool { return m.ModelType != nil && *m.ModelType == modelBranding }

// Publish stores a PNG picture that anybody may see. The rules for uploads do not count for it.
func (s *Service) Publish(ctx context.Context, p *agent.Principal, name string, picture []byte) (Media, error) {
	m := Media{UUID: uuid.NewString(), Store: s.blobs.Kind(), Filename: cleanName(name), ContentType: "image/png", ModelType: new(modelBranding),
		Disposition: new(Inline), Size: int64(len(picture)), Meta: db.JSON(`{}`)}
	if _, err := s.blobs.Put(ctx, m.UUID, bytes.NewReader(picture)); err != nil {
		return Media{}, fmt.Errorf("store public picture: %w", err)
	}
	if err := s.insert(ctx, &m, &p.ID); err != nil {
		s.discard(ctx, m.UUID)
		return Media{}, err
	}
	return m, nil
}

// Published returns what is known of a picture that was published. Invalid for what is no uuid, NotFound if there is
// none, or if the file is not public.
func (s *Service) Published(ctx context.Context, id string) (Media, error) {
	m, err := s.Find(ctx, id)
	if err == nil && !m.Public() {
		return Media{}, fault.Missing("file")
	}
	return m, err
}
