package agent

import (
	"context"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Habits is how an agent likes to work, in whichever browser.
type Habits struct {
	// AfterSend says what comes after a reply left: the same conversation (stay), the next of the list, or the list.
	AfterSend string `json:"after_send" enum:"stay,next,list"`
	// UndoSendSeconds is for how long a reply by mail can be undone before it leaves; 0 for not at all.
	UndoSendSeconds int `json:"undo_send_seconds"`
	// ListDensity is how high the rows of lists are.
	ListDensity string `json:"list_density" enum:"comfortable,compact"`
	// Signature is HTML that stands below the agent's replies by mail.
	Signature string `json:"signature"`
	// Lists is how single lists are looked at, by assigned, unassigned, …, team:ID, view:ID; every for those not named.
	Lists map[string]ListLook `json:"lists"`
	// Look is how the desk looks; nil until the agent chose, then in every browser.
	Look *Look `json:"look"`
	// PictureSenders are the addresses of those whose letters show the images of other servers without being asked to.
	PictureSenders []string `json:"picture_senders"`
}

// The time to undo of an agent who chose none, and the longest, in seconds.
const (
	undoSeconds    = 10
	maxUndoSeconds = 30
)

// afterSend are the values of Habits.AfterSend, the default first.
var afterSend = []string{"stay", "next", "list"}

// HabitsChange changes what is not nil.
type HabitsChange struct {
	AfterSend       *string             `json:"after_send,omitempty" doc:"stay, next or list"`
	UndoSendSeconds *int                `json:"undo_send_seconds,omitempty" doc:"0 to 30"`
	ListDensity     *string             `json:"list_density,omitempty" doc:"comfortable or compact"`
	Signature       *string             `json:"signature,omitempty" doc:"HTML below one's replies by mail; {{ .Agent.FullName }} and the like are filled in"`
	Lists           map[string]ListLook `json:"lists,omitempty" doc:"Lists that are looked at otherwise from now on; {} forgets one"`
	Look            *Look               `json:"look,omitempty"`
	PictureSenders  map[string]bool     `json:"picture_senders,omitempty" doc:"Addresses whose letters show the images of other servers from now on, by true, or no longer, by false"`
}

// HabitsOf returns how an agent likes to work.
func (s *Service) HabitsOf(ctx context.Context, id int64) (Habits, error) {
	return readHabits(ctx, s.db, id, "")
}

// SetHabits changes how an agent likes to work and returns all of it. Errors: Invalid names the field.
func (s *Service) SetHabits(ctx context.Context, id int64, change HabitsChange) (h Habits, err error) {
	if v := change.AfterSend; v != nil && !slices.Contains(afterSend, *v) {
		return h, fault.Field("after_send", "error.unknown_value", "value", *v)
	}
	if v := change.ListDensity; v != nil && !slices.Contains(densities, *v) {
		return h, fault.Field("list_density", "error.unknown_value", "value", *v)
	}
	if v := change.UndoSendSeconds; v != nil && (*v < 0 || *v > maxUndoSeconds) {
		return h, fault.Field("undo_send_seconds", "error.undo_seconds", "max", fmt.Sprint(maxUndoSeconds))
	}
	if change.Look != nil {
		if err := change.Look.validate(); err != nil {
			return h, err
		}
	}
	if v := change.Signature; v != nil && len(*v) > MaxSignature {
		return h, fault.TooLong("signature", MaxSignature)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		suffix := ""
		if tx.Engine() == db.Postgres {
			suffix = " FOR UPDATE" // of two changes at once neither is lost
		}
		if h, err = readHabits(ctx, tx, id, suffix); err != nil {
			return err
		}
		if change.AfterSend != nil {
			h.AfterSend = *change.AfterSend
		}
		if change.UndoSendSeconds != nil {
			h.UndoSendSeconds = *change.UndoSendSeconds
		}
		if change.ListDensity != nil {
			h.ListDensity = *change.ListDensity
		}
		if change.Look != nil {
			h.Look = change.Look
		}
		if change.Signature != nil {
			h.Signature = CleanSignature(*change.Signature)
		}
		if err := h.changeLooks(change.Lists); err != nil {
			return err
		}
		if err := h.changePictureSenders(change.PictureSenders); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE users SET preferences = $2 WHERE id = $1`, id, db.ToJSON(h))
		if err != nil {
			return fmt.Errorf("change the habits of agent %d: %w", id, err)
		}
		return nil
	})
	return h, err
}

func readHabits(ctx context.Context, q db.Querier, id int64, suffix string) (h Habits, err error) {
	var raw db.JSON
	if err := q.QueryRow(ctx, `SELECT preferences FROM users WHERE id = $1`+suffix, id).Scan(&raw); err != nil {
		return h, fmt.Errorf("read the habits of agent %d: %w", id, err)
	}
	h.UndoSendSeconds = undoSeconds
	if err := raw.Decode(&h); err != nil {
		h = Habits{UndoSendSeconds: undoSeconds}
	}
	if !slices.Contains(afterSend, h.AfterSend) {
		h.AfterSend = afterSend[0]
	}
	if !slices.Contains(densities, h.ListDensity) {
		h.ListDensity = densities[0]
	}
	if h.Lists == nil {
		h.Lists = map[string]ListLook{}
	}
	if h.PictureSenders == nil {
		h.PictureSenders = []string{}
	}
	return h, nil
}
