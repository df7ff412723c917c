package template

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Renderer returns what renders templates with the desk's settings of this moment, in a language; "" is the desk's.
func (s *Service) Renderer(ctx context.Context, lang string) Renderer {
	g := s.settings.General(ctx)
	return Renderer{Site: SiteOf(g), Lang: cmp.Or(lang, g.Lang)}
}

const layoutQuery = `SELECT ` + columns + ` FROM templates WHERE is_default`

// layout returns the layout that mail leaves in; nil if there is none.
func (s *Service) layout(ctx context.Context) (*Template, error) {
	t, err := db.Get[Template](ctx, s.db, layoutQuery)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the layout: %w", err)
	}
	return &t, nil
}

// Reply returns the HTML of a mail to a customer in the desk's layout; data is asked for what the layout may name. A layout
// that cannot be used never keeps a mail from leaving: it then goes as it is, and the layout is marked with the reason.
func (s *Service) Reply(ctx context.Context, content string, data func() (Data, error)) (string, error) {
	return s.wrap(ctx, s.Renderer(ctx, ""), HTML(content), content, data)
}

// wrap puts content into the layout; without one that can be used the mail is what is given for that.
func (s *Service) wrap(ctx context.Context, r Renderer, content HTML, otherwise string, data func() (Data, error)) (string, error) {
	t, err := s.layout(ctx)
	if err != nil || t == nil || strings.TrimSpace(t.Body) == "" {
		return otherwise, err
	}
	d, err := data()
	if err != nil {
		return "", err
	}
	out, err := r.Layout(t.Body, content, d)
	if err != nil {
		return otherwise, s.broken(ctx, t.ID, err)
	}
	return out, nil
}

// Notice writes a mail of the desk by the stored template of a name, in a language, inside the desk's layout. A template
// that cannot be used is marked with the reason, and the program's own text is sent.
func (s *Service) Notice(ctx context.Context, lang, name string, d Data) (subject, html string, err error) {
	b, known := builtIn(name)
	if !known {
		return "", "", fmt.Errorf("there is no template %q", name)
	}
	r := s.Renderer(ctx, lang)
	own := func() (string, string, error) { return s.Own(ctx, lang, b, d) }
	t, err := db.Get[Template](ctx, s.db, `SELECT `+columns+` FROM templates WHERE name = $1`, name)
	if errors.Is(err, db.ErrNoRows) || (err == nil && !t.IsModified) {
		return own()
	}
	if err != nil {
		return "", "", fmt.Errorf("read the template %q: %w", name, err)
	}
	source := b.Subject(r.Lang)
	if t.Subject != nil && *t.Subject != "" {
		source = *t.Subject
	}
	subject, wrong := r.Subject(source, d)
	body := ""
	if wrong == nil {
		body, wrong = r.Body(t.Body, d)
	}
	if wrong != nil {
		if err := s.broken(ctx, t.ID, wrong); err != nil {
			return "", "", err
		}
		return own()
	}
	html, err = s.inLayout(ctx, r, body, d)
	return subject, html, err
}

// Own writes a mail of the desk by one of the program's own texts, inside the desk's layout.
func (s *Service) Own(ctx context.Context, lang string, b BuiltIn, d Data) (subject, html string, err error) {
	r := s.Renderer(ctx, lang)
	subject, body, err := r.builtIn(b, d)
	if err != nil {
		return "", "", err
	}
	html, err = s.inLayout(ctx, r, body, d)
	return subject, html, err
}

// Plain writes a mail of the desk by one of the program's own texts, outside of every layout: nothing that is put into a
// layout may see the links in it.
func (s *Service) Plain(ctx context.Context, lang string, b BuiltIn, d Data) (subject, html string, err error) {
	r := s.Renderer(ctx, lang)
	subject, body, err := r.builtIn(b, d)
	return subject, r.Letter(body), err
}

func (r Renderer) builtIn(b BuiltIn, d Data) (subject, body string, err error) {
	if b.Subject != nil {
		if subject, err = r.Subject(b.Subject(r.Lang), d); err != nil {
			return "", "", fmt.Errorf("render the subject of a built-in template: %w", err)
		}
	}
	if body, err = r.Body(b.Body(r.Lang), d); err != nil {
		return "", "", fmt.Errorf("render a built-in template: %w", err)
	}
	return subject, body, nil
}

func (s *Service) inLayout(ctx context.Context, r Renderer, body string, d Data) (string, error) {
	return s.wrap(ctx, r, HTML(r.directed(body)), r.Letter(body), func() (Data, error) { return d, nil })
}

// broken marks a template with why it could not be used, once.
func (s *Service) broken(ctx context.Context, id int64, why error) error {
	reason := why.Error()
	var noted bool
	err := s.db.QueryRow(ctx, `SELECT COALESCE(last_error, '') = $2 FROM templates WHERE id = $1`, id, reason).Scan(&noted)
	if errors.Is(err, db.ErrNoRows) || (err == nil && noted) {
		return nil
	}
	if err == nil {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE templates SET last_error = $2, last_error_at = $3 WHERE id = $1`, id, reason, db.Now())
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("note that template %d cannot be used: %w", id, err)
	}
	return nil
}
