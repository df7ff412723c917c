// Package filter turns the filters and orders that clients send with lists into SQL that both engines understand.
//
// A filter is JSON: an array of conditions, all of which must hold, or groups of conditions joined by AND or OR:
//
//	filters   := "" | "null" | "[]" | "{}" | flat | node
//	flat      := [ node, … ]
//	node      := group | condition
//	group     := {"logic":"AND"|"OR", "rules":[node,…]}
//	condition := {"model":m, "field":f, "operator":op, "value":"<string>"}
//
// [Parse] reads the shape and refuses what is too deep or too large; [Tree.Where] writes the SQL for a list's [Fields],
// the only columns that can be named. What a client sends never becomes SQL text: values are arguments.
//
// Every refusal is a fault of kind Invalid on the field "filters", "order_by" or "order".
package filter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The limits of a filter.
const (
	maxBytes  = 64 << 10 // of the JSON
	maxGroups = 10       // besides the root
	maxLeaves = 50
	MaxValues = 100 // of a list of values
)

// Operator is how a condition compares its field with its value.
type Operator string

// The operators. Parts and beginnings of texts are compared without regard to case.
const (
	Equals      Operator = "equals"
	NotEquals   Operator = "not equals"
	GreaterThan Operator = "greater than"
	LessThan    Operator = "less than"
	Between     Operator = "between" // "a,b", both included
	In          Operator = "in"      // a JSON array of strings
	Contains    Operator = "contains"
	ILike       Operator = "ilike" // the same as Contains
	NotContains Operator = "not contains"
	StartsWith  Operator = "starts with"
	Set         Operator = "set" // takes no value
	NotSet      Operator = "not set"
)

func (o Operator) known() bool {
	switch o {
	case Equals, NotEquals, GreaterThan, LessThan, Between, In, Contains, ILike, NotContains, StartsWith, Set, NotSet:
		return true
	}
	return false
}

func (o Operator) needsValue() bool { return o != Set && o != NotSet }

// Tree is a filter that was read: parts joined by one operator, each a list of conditions joined by another. Deeper
// filters are refused, so that this is all there is. The zero value filters nothing.
type Tree struct {
	or    bool
	parts []part
	also  *Tree // nil, or what has to hold as well
}

type part struct {
	or     bool
	leaves []leaf
}

type leaf struct {
	key      string // "model.field"
	operator Operator
	value    string
}

// node is a filter as it is written in JSON.
type node struct {
	Logic    string `json:"logic"`
	Rules    []node `json:"rules"`
	Model    string `json:"model"`
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

func (n *node) isGroup() bool { return n.Logic != "" || len(n.Rules) > 0 }

// Empty reports whether the filter has no condition.
func (t Tree) Empty() bool { return len(t.parts) == 0 }

// And returns the filter that lets through what both let through.
func (t Tree) And(more Tree) Tree {
	switch {
	case t.Empty():
		return more
	case more.Empty():
		return t
	case t.also != nil:
		more = t.also.And(more)
	}
	t.also = &more
	return t
}

// Condition is one comparison of a filter, as it was sent.
type Condition struct {
	Key      string // "model.field"
	Operator Operator
	Value    string
}

// Names reports whether a condition is on a field whose key, "model.field", begins like this.
func (t Tree) Names(prefix string) bool {
	return t.also != nil && t.also.Names(prefix) || slices.ContainsFunc(t.parts, func(p part) bool {
		return slices.ContainsFunc(p.leaves, func(l leaf) bool { return strings.HasPrefix(l.key, prefix) })
	})
}

// Must returns the conditions that hold for whatever the filter lets through: those that no OR makes one of several.
func (t Tree) Must() (out []Condition) {
	if t.also != nil {
		out = t.also.Must()
	}
	if t.or && len(t.parts) > 1 {
		return out
	}
	for _, p := range t.parts {
		if p.or && len(p.leaves) > 1 {
			continue
		}
		for _, l := range p.leaves {
			out = append(out, Condition{l.key, l.operator, l.value})
		}
	}
	return out
}

// Parse reads a filter. Unknown models, fields and unusable values are found by [Tree.Where], which knows the list.
func Parse(raw string) (Tree, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return Tree{}, nil
	}
	if len(raw) > maxBytes {
		return Tree{}, fault.TooLong("filters", maxBytes)
	}
	var root node
	var err error
	if raw[0] == '[' {
		err = json.Unmarshal([]byte(raw), &root.Rules)
	} else {
		err = json.Unmarshal([]byte(raw), &root)
	}
	if err != nil {
		return Tree{}, fault.Field("filters", "error.filter_syntax").Because(err)
	}
	r := reader{}
	return r.tree(root)
}

// reader counts what it reads against the limits.
type reader struct{ groups, leaves int }

func (r *reader) tree(root node) (t Tree, err error) {
	if !root.isGroup() {
		root = node{Rules: []node{root}}
	}
	if t.or, err = isOr(root.Logic); err != nil {
		return t, err
	}
	for _, n := range root.Rules {
		p := part{}
		if n.isGroup() {
			p, err = r.group(n)
		} else {
			p.leaves, err = r.leaf(nil, n)
		}
		if err != nil {
			return Tree{}, err
		}
		if len(p.leaves) > 0 {
			t.parts = append(t.parts, p)
		}
	}
	return t, nil
}

func (r *reader) group(g node) (p part, err error) {
	if p.or, err = r.enter(g); err != nil {
		return p, err
	}
	for _, n := range g.Rules {
		if n.isGroup() {
			err = r.barren(n)
		} else {
			p.leaves, err = r.leaf(p.leaves, n)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// barren accepts a group that is too deep only if it has no effect.
func (r *reader) barren(g node) error {
	if _, err := r.enter(g); err != nil {
		return err
	}
	for _, n := range g.Rules {
		switch {
		case n.isGroup():
			if err := r.barren(n); err != nil {
				return err
			}
		case n.Field != "":
			return fault.Field("filters", "error.filter_depth")
		}
	}
	return nil
}

func (r *reader) enter(g node) (or bool, err error) {
	if r.groups++; r.groups > maxGroups {
		return false, fault.Field("filters", "error.filter_groups", "max", fmt.Sprint(maxGroups))
	}
	return isOr(g.Logic)
}

// leaf adds a condition; one without a field is no condition.
func (r *reader) leaf(to []leaf, n node) ([]leaf, error) {
	if n.Field == "" {
		return to, nil
	}
	l := leaf{key: n.Model + "." + n.Field, operator: Operator(n.Operator), value: n.Value}
	if r.leaves++; r.leaves > maxLeaves {
		return to, fault.Field("filters", "error.filter_conditions", "max", fmt.Sprint(maxLeaves))
	}
	if !l.operator.known() {
		return to, l.badOperator()
	}
	if l.operator.needsValue() && strings.TrimSpace(l.value) == "" {
		return to, l.badValue(l.value)
	}
	return append(to, l), nil
}

func isOr(logic string) (bool, error) {
	switch strings.ToUpper(logic) {
	case "", "AND":
		return false, nil
	case "OR":
		return true, nil
	}
	return false, fault.Field("filters", "error.filter_logic", "value", short(logic))
}

func (l leaf) badOperator() error {
	return fault.Field("filters", "error.filter_operator", "filter", short(l.key), "operator", short(string(l.operator)))
}

func (l leaf) badValue(value string) error {
	return fault.Field("filters", "error.filter_value", "filter", short(l.key), "value", short(value))
}

// short cuts what a client sent to a length that can be shown in a message.
func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
