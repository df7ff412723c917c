package contact

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
)

// maxNote is the greatest length of a note in bytes of HTML.
const maxNote = 100_000

// Note is what an agent wrote about a contact. FirstName, LastName and AvatarURL are the author's.
type Note struct {
	ID        int64   `json:"id"`
	CreatedAt db.Time `json:"created_at"`
	UpdatedAt db.Time `json:"updated_at"`
	ContactID int64   `json:"contact_id"`
	Note      string  `json:"note"` // HTML, sanitised
	UserID    int64   `json:"user_id"`
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	AvatarURL *string `json:"avatar_url"`
}

const noteQuery = `SELECT n.id, n.created_at, n.updated_at, n.contact_id, n.note, n.user_id, u.first_name, u.last_name, u.avatar_url
	FROM contact_notes n JOIN users u ON u.id = n.user_id WHERE `

// Notes returns the notes about a contact, the newest first; none for a contact that does not exist.
func (s *Service) Notes(ctx context.Context, contactID int64) ([]Note, error) {
	out, err := db.Select[Note](ctx, s.db, noteQuery+`n.contact_id = $1 ORDER BY n.id DESC`, contactID)
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	return out, nil
}

// AddNote keeps a note, as sanitised HTML. Invalid if it is empty or too long, NotFound if the contact does not exist.
func (s *Service) AddNote(ctx context.Context, p *agent.Principal, contactID int64, note string) (n Note, err error) {
	if len(note) > maxNote {
		return n, fault.TooLong("note", maxNote)
	}
	clean := strings.TrimSpace(htmlx.Sanitize(strings.ToValidUTF8(strings.ReplaceAll(note, "\x00", ""), "\uFFFD")))
	if strings.TrimSpace(htmlx.Text(clean)) == "" && !strings.Contains(clean, "<img") {
		return n, fault.Required("note")
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := get(ctx, tx, contactID, ""); err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRow(ctx, `INSERT INTO contact_notes (created_at, updated_at, contact_id, user_id, note) VALUES ($1, $1, $2, $3, $4) RETURNING id`,
			db.Now(), contactID, p.ID, clean).Scan(&id); err != nil {
			return fmt.Errorf("keep note: %w", err)
		}
		n, err = db.Get[Note](ctx, tx, noteQuery+`n.id = $1`, id)
		return err
	})
	return n, err
}

// DeleteNote deletes a note about a contact: one's own, or any for who holds the Admin role; Forbidden otherwise. For the
// latter it is no error that there is no such note, for others it is NotFound. One about another contact stays, which is no
// error either.
func (s *Service) DeleteNote(ctx context.Context, p *agent.Principal, contactID, noteID int64) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		admin, err := isAdmin(ctx, tx, p)
		if err != nil {
			return err
		}
		n, err := db.Get[Note](ctx, tx, noteQuery+`n.id = $1`, noteID)
		switch {
		case errors.Is(err, db.ErrNoRows) && admin:
			return nil
		case errors.Is(err, db.ErrNoRows):
			return fault.Missing("note")
		case err != nil:
			return fmt.Errorf("read note %d: %w", noteID, err)
		case n.UserID != p.ID && !admin:
			return fault.New(fault.Forbidden, "error.note_of_other")
		case n.ContactID != contactID:
			return nil
		}
		if _, err := tx.Exec(ctx, `DELETE FROM contact_notes WHERE id = $1`, noteID); err != nil {
			return fmt.Errorf("delete note %d: %w", noteID, err)
		}
		about, err := get(ctx, tx, contactID, "")
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Type: audit.ContactNoteDeleted, Actor: p.Audited(), Target: about.target(), Before: n})
	})
}

// isAdmin reports whether who acts holds the Admin role. A key that may not do all that its agent may is no administrator's.
func isAdmin(ctx context.Context, q db.Querier, p *agent.Principal) (bool, error) {
	if p.Limit != nil {
		return false, nil
	}
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = $1 AND r.name = $2`,
		p.ID, role.Admin).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read the roles of agent %d: %w", p.ID, err)
	}
	return n > 0, nil
}
