// Package audit owns the activity log: who did what to whom, from where, and what it changed. Every package of the desk
// that changes rights, settings or people writes here, in the transaction of the change, by [Record] and nothing else:
//
//	return audit.Record(ctx, tx, audit.Entry{
//		Type: audit.TeamUpdated, Target: audit.Target{Model: "team", ID: t.ID, Name: t.Name}, Before: before, After: t})
//
// Who acts and from which address is known to the request's context ([As]); what acts without one is the desk itself.
// Before and After are the values as they were and are, nil for what did not or does not exist: only the fields that
// differ are kept, and secrets never are ([diff]).
//
// Entries are only ever added. Both engines refuse to change one, whoever asks, and to delete one that is younger than the
// desk keeps them ([Log.SetRetention]), which is for ever unless somebody says otherwise and 30 days at least.
//
// The package knows nothing of the nouns it writes about: they import it.
package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// Actor is who does something, and from where.
type Actor struct {
	ID   int64  // of the agent; 0 when it is not known who they are
	Name string // their address, or "System"
	IP   string // empty for what the desk does by itself
	Via  string // how they proved who they are: session, api_key or program; may be empty
}

// Target is what something is done to.
type Target struct {
	Model string // user, role, team, inbox, setting, …
	ID    int64
	Name  string // as a person would recognise it
}

// Entry is one thing that happened.
type Entry struct {
	Type   Type
	Actor  Actor  // left out: who the context says; with an ID or a name but without an IP, the context's address counts
	Target Target // left out: the actor
	Before any    // nil for what was created
	After  any    // nil for what was deleted
	Whole  bool   // long texts are not cut: nowhere else are they kept
	Note   string // a few words of detail behind the sentence, such as "through Acme login"; never a secret
}

type actorKey struct{}

// As returns a context in which everything that is recorded was done by an actor.
func As(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// ActorOf returns the actor of a context, the zero Actor if it has none.
func ActorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// The longest texts that are kept, in characters.
const (
	maxName = 320
	maxNote = 500
)

// Record adds an entry in the transaction of the change. Its sentence is written in the desk's language of this moment;
// an update that changed nothing is not recorded.
func Record(ctx context.Context, tx *db.Tx, e Entry) error {
	most := maxValue
	if e.Whole {
		most = maxWhole
	}
	before, after, err := diff(e.Before, e.After, most)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Type, err)
	}
	if e.Before != nil && e.After != nil && len(before)+len(after) == 0 {
		return nil
	}
	actor, err := settle(ctx, tx, e.Actor)
	if err != nil {
		return fmt.Errorf("record %s: find who acts: %w", e.Type, err)
	}
	e.Target.Name, e.Note = clip(e.Target.Name, maxName), clip(e.Note, maxNote)
	if e.Target == (Target{}) {
		e.Target = Target{Model: "user", ID: actor.ID, Name: actor.Name}
	}
	lang, err := language(ctx, tx)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Type, err)
	}
	now := db.Now()
	_, err = tx.Exec(ctx, `INSERT INTO activity_logs (created_at, updated_at, activity_type, activity_description, actor_id, target_model_type, target_model_id, ip, detail)
		VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8)`, now, e.Type, describe(lang, e, actor), actor.ID, e.Target.Model, e.Target.ID, actor.IP,
		db.ToJSON(detail{ActorName: actor.Name, TargetName: e.Target.Name, Via: actor.Via, Note: e.Note, Before: before, After: after}))
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Type, err)
	}
	return nil
}

// detail is what is kept of an entry besides its columns.
type detail struct {
	ActorName  string         `json:"actor_name"`
	TargetName string         `json:"target_name"`
	Via        string         `json:"via,omitempty"`
	Note       string         `json:"note,omitempty"`
	Before     map[string]any `json:"before,omitempty"`
	After      map[string]any `json:"after,omitempty"`
}

// settle fills in what an entry leaves open about who acts: from the context, else it is the desk's own System user.
func settle(ctx context.Context, q db.Querier, a Actor) (Actor, error) {
	from := ActorOf(ctx)
	switch {
	case a.ID == 0 && a.Name == "":
		a = from
	case a.IP == "":
		a.IP = from.IP
	}
	if a.Via == "" && (a.ID == from.ID || a.ID == 0) {
		a.Via = from.Via
	}
	var err error
	switch {
	case a.ID == 0 && a.Name == "":
		a.Name = "System"
		err = q.QueryRow(ctx, `SELECT id FROM users WHERE is_system ORDER BY id LIMIT 1`).Scan(&a.ID)
	case a.Name == "":
		err = q.QueryRow(ctx, `SELECT COALESCE(email, first_name) FROM users WHERE id = $1`, a.ID).Scan(&a.Name)
	}
	if errors.Is(err, db.ErrNoRows) { // a desk that is being set up
		err = nil
	}
	a.Name, a.IP = clip(a.Name, maxName), clip(a.IP, 64)
	return a, err
}

// language returns the desk's language, in which the entry's sentence is written.
func language(ctx context.Context, q db.Querier) (string, error) {
	var raw db.JSON
	err := q.QueryRow(ctx, `SELECT value FROM settings WHERE key = 'app.lang'`).Scan(&raw)
	if errors.Is(err, db.ErrNoRows) {
		return i18n.Default, nil
	}
	if err != nil {
		return "", fmt.Errorf("read the desk's language: %w", err)
	}
	lang := i18n.Default
	if raw.Decode(&lang) != nil {
		return i18n.Default, nil
	}
	return lang, nil
}

// describe writes an entry's sentence. People are named as "address (#id)".
func describe(lang string, e Entry, a Actor) string {
	key := "activity." + string(e.Type)
	text := i18n.T(lang, key, map[string]string{"actor": numbered(a.Name, a.ID), "target": numbered(e.Target.Name, e.Target.ID)})
	if e.Note != "" {
		text += " (" + e.Note + ")"
	}
	return text
}

func numbered(name string, id int64) string {
	switch {
	case id == 0:
		return name
	case name == "":
		return fmt.Sprintf("#%d", id)
	}
	return fmt.Sprintf("%s (#%d)", name, id)
}

// clip makes a text one that both engines can keep, of at most n characters.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
