// Package template owns the texts of mails: layouts that replies leave in, and what the desk writes to agents. It renders
// them, too.
//
// A template is Go's text/template with the variables and functions that docs/templates.md lists. Who writes one is
// trusted with HTML, and not with the desk: a template can call nothing but those functions, its values are escaped, and
// its time, its steps and its output are bounded. What agents and customers write is never a template: a reply has
// variables ([Fill]), and goes into a layout as a value.
//
// The package uses its siblings audit and setting.
package template

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The types of templates.
const (
	Outgoing     = "email_outgoing"     // a layout of mail
	Notification = "email_notification" // what the desk writes
)

const (
	maxName       = 140  // characters
	maxSubjectRaw = 1000 // characters
)

// Template is a text of mails.
type Template struct {
	ID        int64   `json:"id"`
	CreatedAt db.Time `json:"created_at"`
	UpdatedAt db.Time `json:"updated_at"`
	Type      string  `json:"type" enum:"email_outgoing,email_notification"`
	Name      string  `json:"name"`
	Subject   *string `json:"subject"`
	Body      string  `json:"body"`
	IsDefault bool    `json:"is_default" doc:"It is the layout that mail leaves in"`
	IsBuiltin bool    `json:"is_builtin"`
	// IsModified is whether a built-in one is not the program's own text any more. Foyer's addition, as what follows.
	IsModified  bool     `json:"is_modified"`
	LastError   *string  `json:"last_error" doc:"Why it could not be used for a mail since it was saved"`
	LastErrorAt *db.Time `json:"last_error_at"`
}

func (t Template) target() audit.Target {
	return audit.Target{Model: "template", ID: t.ID, Name: t.Name}
}

// Edit is what a template is made or changed to.
type Edit struct {
	Type, Name, Body string
	Subject          *string
	IsDefault        bool
}

// Service is the templates of a desk.
type Service struct {
	db       *db.DB
	settings *setting.Service
}

// New makes the service.
func New(d *db.DB, settings *setting.Service) *Service { return &Service{db: d, settings: settings} }

const columns = `id, created_at, updated_at, type, name, subject, body, is_default, is_builtin, is_modified, last_error, last_error_at`

// List returns the templates of a type, the last changed first.
func (s *Service) List(ctx context.Context, kind string) ([]Template, error) {
	if err := checkType(kind); err != nil {
		return nil, err
	}
	list, err := db.Select[Template](ctx, s.db, `SELECT `+columns+` FROM templates WHERE type = $1 ORDER BY updated_at DESC, id DESC`, kind)
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	lang := s.settings.General(ctx).Lang
	for i := range list {
		list[i].complete(lang)
	}
	return list, nil
}

// Get returns a template; NotFound if there is none.
func (s *Service) Get(ctx context.Context, id int64) (Template, error) {
	t, err := get(ctx, s.db, id)
	t.complete(s.settings.General(ctx).Lang)
	return t, err
}

func get(ctx context.Context, q db.Querier, id int64) (Template, error) {
	t, err := db.Get[Template](ctx, q, `SELECT `+columns+` FROM templates WHERE id = $1`, id)
	if errors.Is(err, db.ErrNoRows) {
		return t, fault.Missing("template")
	}
	if err != nil {
		return t, fmt.Errorf("read template %d: %w", id, err)
	}
	return t, nil
}

// complete gives a built-in template that nobody changed the program's text in a language.
func (t *Template) complete(lang string) {
	if b, ok := builtIn(t.Name); ok && t.IsBuiltin && !t.IsModified {
		subject := b.Subject(lang)
		t.Subject, t.Body = &subject, b.Body(lang)
	}
}

func checkType(kind string) error {
	switch {
	case kind == "":
		return fault.Required("type")
	case !slices.Contains([]string{Outgoing, Notification}, kind):
		return fault.Field("type", "error.unknown_value", "value", kind)
	}
	return nil
}

func (s *Service) validate(ctx context.Context, e *Edit) error {
	e.Name = strings.TrimSpace(e.Name)
	switch {
	case e.Name == "":
		return fault.Required("name")
	case len([]rune(e.Name)) > maxName:
		return fault.TooLong("name", maxName)
	case strings.ContainsFunc(e.Name, unicode.IsControl):
		return fault.Field("name", "error.control_characters")
	case e.Subject != nil && len([]rune(*e.Subject)) > maxSubjectRaw:
		return fault.TooLong("subject", maxSubjectRaw)
	case len(e.Body) > MaxBody:
		return fault.TooLong("body", MaxBody)
	}
	if err := checkType(e.Type); err != nil {
		return err
	}
	return s.check(ctx, e)
}

// check tries a template with sample values. An Invalid error names the line.
func (s *Service) check(ctx context.Context, e *Edit) error {
	r := s.Renderer(ctx, "")
	d := Sample(r.Lang)
	if e.Subject != nil {
		if _, err := r.Subject(*e.Subject, d); err != nil {
			return Fault("subject", err)
		}
	}
	var err error
	if _, err = r.Body(e.Body, d); e.Type == Outgoing {
		_, err = (&engine{site: r.Site, lang: r.Lang, content: SampleContent(r.Lang)}).run(e.Body, d.values())
	}
	return Fault("body", err)
}

// Fault makes what is wrong with a template an Invalid error about a field, whose data are the line and the reason.
func Fault(field string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	f := fault.Field(field, "error.template", "reason", e.Reason)
	if e.Line > 0 {
		f = fault.Field(field, "error.template_line", "line", fmt.Sprint(e.Line), "reason", e.Reason)
	}
	return f.With(map[string]any{"line": e.Line, "reason": e.Reason})
}

// Create makes a template. One that is to be the default becomes it in place of another, and is a layout. Invalid errors
// name the field; Conflict if the name is taken.
func (s *Service) Create(ctx context.Context, e Edit) (t Template, err error) {
	if e.IsDefault && checkType(e.Type) == nil {
		e.Type = Outgoing
	}
	if err := s.validate(ctx, &e); err != nil {
		return t, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if e.IsDefault {
			if err := s.dethrone(ctx, tx, 0); err != nil {
				return err
			}
		}
		t, err = db.Get[Template](ctx, tx, `INSERT INTO templates (created_at, updated_at, type, name, subject, body, is_default)
			VALUES ($1, $1, $2, $3, $4, $5, $6) RETURNING `+columns, db.Now(), e.Type, e.Name, e.Subject, e.Body, e.IsDefault)
		if err != nil {
			return saving(err, e.Name)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.TemplateCreated, Target: t.target(), After: t})
	})
	return t, err
}

// Update replaces a template; a built-in one keeps its type and name. Errors are those of [Service.Create]; NotFound if
// there is none.
func (s *Service) Update(ctx context.Context, id int64, e Edit) (t Template, err error) {
	if err := s.validate(ctx, &e); err != nil {
		return t, err
	}
	lang := s.settings.General(ctx).Lang
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		before.complete(lang)
		if before.IsBuiltin {
			e.Type, e.Name = before.Type, before.Name
		}
		if e.IsDefault && e.Type != Outgoing {
			return fault.Field("is_default", "error.template_default_type")
		}
		if e.IsDefault && !before.IsDefault {
			if err := s.dethrone(ctx, tx, id); err != nil {
				return err
			}
		}
		t, err = s.save(ctx, tx, before, e, lang)
		return err
	})
	return t, err
}

// Reset gives a built-in template the program's own text again. NotFound if there is none; Invalid if it is not built-in.
func (s *Service) Reset(ctx context.Context, id int64) (t Template, err error) {
	lang := s.settings.General(ctx).Lang
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		b, ok := builtIn(before.Name)
		if !before.IsBuiltin || !ok {
			return fault.New(fault.Invalid, "error.template_not_builtin")
		}
		subject := b.Subject(lang)
		t, err = s.save(ctx, tx, before, Edit{Type: before.Type, Name: before.Name, Subject: &subject, Body: b.Body(lang)}, lang)
		return err
	})
	return t, err
}

// save stores an edit. Of a built-in text that is the program's own nothing is kept, so that it is said in each
// recipient's language.
func (s *Service) save(ctx context.Context, tx *db.Tx, before Template, e Edit, lang string) (t Template, err error) {
	subject, body, modified := e.Subject, e.Body, false
	if b, ok := builtIn(before.Name); ok && before.IsBuiltin {
		if modified = body != b.Body(lang) || (subject != nil && *subject != b.Subject(lang)); !modified {
			subject, body = nil, ""
		}
	}
	t, err = db.Get[Template](ctx, tx, `UPDATE templates SET updated_at = $1, type = $2, name = $3, subject = $4, body = $5, is_default = $6, is_modified = $7,
		last_error = NULL, last_error_at = NULL WHERE id = $8 RETURNING `+columns, db.Now(), e.Type, e.Name, subject, body, e.IsDefault, modified, before.ID)
	if err != nil {
		return t, saving(err, e.Name)
	}
	t.complete(lang)
	return t, audit.Record(ctx, tx, audit.Entry{Type: audit.TemplateUpdated, Target: before.target(), Before: before, After: t})
}

// dethrone takes the place of the default from the layout that has it, unless that is a template itself.
func (s *Service) dethrone(ctx context.Context, tx *db.Tx, except int64) error {
	was, err := db.Select[Template](ctx, tx, `UPDATE templates SET is_default = FALSE WHERE is_default AND id <> $1 RETURNING `+columns, except)
	if err != nil {
		return fmt.Errorf("change the default layout: %w", err)
	}
	for _, t := range was {
		before := t
		before.IsDefault = true
		if err := audit.Record(ctx, tx, audit.Entry{Type: audit.TemplateUpdated, Target: t.target(), Before: before, After: t}); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a template, if there is one. Forbidden for a built-in one.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		t, err := get(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if t.IsBuiltin {
			return fault.New(fault.Forbidden, "error.template_builtin")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM templates WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete template %d: %w", id, err)
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.TemplateDeleted, Target: t.target(), Before: t})
	})
}

// Tested notes in the activity log that somebody sent a test mail of a template.
func (s *Service) Tested(ctx context.Context, name string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{Type: audit.TemplateTested, Target: audit.Target{Model: "template", Name: name}})
	})
}

func saving(err error, name string) error {
	if unique, _ := db.IsUnique(err); unique {
		return fault.Duplicate("name", name)
	}
	return fmt.Errorf("save a template: %w", err)
}
