package agent

import (
	"slices"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// ListLook is how an agent looks at one list of conversations. What is empty is as usual.
type ListLook struct {
	// Layout is cards beside the conversation, or a table in full width.
	Layout string `json:"layout,omitempty" enum:"cards,table"`
	// Sort is the name of an order.
	Sort string `json:"sort,omitempty" enum:"newest,oldest,created,first,waiting,sla,priority"`
	// Columns are those of the table, from the start of the line.
	Columns []ListColumn `json:"columns,omitempty" maxItems:"32"`
}

// ListColumn is a column of a table of conversations.
type ListColumn struct {
	Name string `json:"name" doc:"What it shows, such as subject or waiting_since"`
	// Width is in pixels; 0 is as usual.
	Width int `json:"width,omitempty" doc:"Pixels, 40 to 1600"`
}

// EveryList is the key of the look that lists have which have none of their own.
const EveryList = "every"

const (
	maxLooks     = 200
	maxListKey   = 32
	minColWidth  = 40
	maxColWidth  = 1600
	comfortable  = "comfortable"
	compactLines = "compact"
)

var (
	densities   = []string{comfortable, compactLines}
	layouts     = []string{"", "cards", "table"}
	listSorts   = []string{"", "newest", "oldest", "created", "first", "waiting", "sla", "priority"}
	listColumns = []string{"contact", "email", "subject", "reference", "status", "priority", "assignee", "team", "tags", "inbox", "channel",
		"last_message_at", "created_at", "waiting_since", "next_sla_deadline_at", "snoozed_until", "first_reply_at", "last_reply_at", "resolved_at"}
	fixedLists = []string{EveryList, "assigned", "mentioned", "unassigned", "all", "spam", "trash"}
)

// isListKey reports whether a key names a list: one that every desk has, team:ID or view:ID.
func isListKey(key string) bool {
	if slices.Contains(fixedLists, key) {
		return true
	}
	kind, id, ok := strings.Cut(key, ":")
	return ok && (kind == "team" || kind == "view") && id != "" && len(key) <= maxListKey && strings.Trim(id, "0123456789") == ""
}

// check refuses what no list looks like.
func (l *ListLook) check() error {
	unknown := func(value string) error { return fault.Field("lists", "error.unknown_value", "value", value) }
	if !slices.Contains(layouts, l.Layout) {
		return unknown(l.Layout)
	}
	if !slices.Contains(listSorts, l.Sort) {
		return unknown(l.Sort)
	}
	seen := map[string]bool{}
	for _, c := range l.Columns {
		if !slices.Contains(listColumns, c.Name) || seen[c.Name] {
			return unknown(c.Name)
		}
		seen[c.Name] = true
		if c.Width != 0 && (c.Width < minColWidth || c.Width > maxColWidth) {
			return fault.Field("lists", "error.number_range", "min", strconv.Itoa(minColWidth), "max", strconv.Itoa(maxColWidth))
		}
	}
	return nil
}

func (l *ListLook) usual() bool { return l.Layout == "" && l.Sort == "" && len(l.Columns) == 0 }

// changeLooks applies changes to the looks of lists, by the keys of the lists; one that says nothing is
// forgotten.
func (h *Habits) changeLooks(change map[string]ListLook) error {
	for key, look := range change {
		if !isListKey(key) {
			return fault.Field("lists", "error.unknown_value", "value", key)
		}
		if look.usual() {
			delete(h.Lists, key)
			continue
		}
		if err := look.check(); err != nil {
			return err
		}
		if h.Lists == nil {
			h.Lists = map[string]ListLook{}
		}
		h.Lists[key] = look
	}
	if len(h.Lists) > maxLooks {
		return fault.Field("lists", "error.too_many", "max", strconv.Itoa(maxLooks))
	}
	return nil
}
