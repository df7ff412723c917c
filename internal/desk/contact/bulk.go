package contact

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// BulkAction names what can be done to several contacts at once.
type BulkAction string

// The actions.
const (
	BulkBlock   BulkAction = "block"
	BulkUnblock BulkAction = "unblock"
	BulkErase   BulkAction = "delete"
)

var bulkPermissions = map[BulkAction]role.Permission{BulkBlock: role.ContactsBlock, BulkUnblock: role.ContactsBlock, BulkErase: role.ContactsDelete}

// MaxBulk is the most contacts that are changed by one call.
const MaxBulk = 100

// BulkResult is what became of the contacts, by their ids. Those in Unchanged were so already.
type BulkResult struct {
	Done      []int64
	Unchanged []int64
	Refused   []Refusal
}

// Refusal is a contact to which something was not done, and why.
type Refusal struct {
	ID  int64
	Why *fault.Error
}

// Bulk does an action to several contacts, each in a transaction of its own, in the order of their ids. An error that is a
// contact's own refuses that one; any other ends the work, with what was done before left as it is. Invalid names the
// field; Forbidden if p may not do the action at all.
func (s *Service) Bulk(ctx context.Context, p *agent.Principal, action BulkAction, ids []int64, fate Fate) (out BulkResult, err error) {
	perm, known := bulkPermissions[action]
	switch {
	case !known:
		return out, fault.Field("action", "error.unknown_value", "value", string(action))
	case !p.Can(perm):
		return out, fault.Denied()
	case len(ids) == 0:
		return out, fault.Required("ids")
	case len(ids) > MaxBulk:
		return out, fault.Field("ids", "error.too_many", "max", fmt.Sprint(MaxBulk))
	}
	if action == BulkErase {
		if err := fate.check(p); err != nil {
			return out, err
		}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range ids {
		changed, err := s.bulkOne(ctx, p, action, id, fate)
		var f *fault.Error
		switch {
		case errors.As(err, &f) && f.Kind != fault.Internal:
			out.Refused = append(out.Refused, Refusal{id, f})
		case err != nil:
			return out, fmt.Errorf("%s contact %d: %w", action, id, err)
		case changed:
			out.Done = append(out.Done, id)
		default:
			out.Unchanged = append(out.Unchanged, id)
		}
	}
	return out, nil
}

func (s *Service) bulkOne(ctx context.Context, p *agent.Principal, action BulkAction, id int64, fate Fate) (changed bool, err error) {
	if action == BulkErase {
		return true, s.Erase(ctx, p, id, fate)
	}
	was, err := s.Get(ctx, id)
	if err != nil {
		return false, err
	}
	enabled := action == BulkUnblock
	if was.Enabled == enabled {
		return false, nil
	}
	_, err = s.SetEnabled(ctx, p, id, enabled)
	return true, err
}
