package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// condition is one of a list's filters.
type condition struct {
	Model    string `json:"model"`
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

var (
	isOpen   = condition{"conversation_statuses", "name", "equals", "Open"}
	isUrgent = condition{"conversations", "priority_id", "equals", "3"}
	hasNone  = condition{"conversations", "assigned_user_id", "not set", ""}
)

func tagged(id int) condition {
	return condition{"conversations", "tags", "contains", fmt.Sprintf("[%d]", id)}
}

func filtered(list string, conditions ...condition) string {
	filters, _ := json.Marshal(conditions) // texts always encode
	return "/api/v1/conversations/" + list + "?page=1&page_size=30&filters=" + url.QueryEscape(string(filters))
}

// marks are a tag that every third conversation of a filled desk has and one that a few dozen or hundred have.
type marks struct {
	common, rare int
	skip         string
}

const notFilled = "needs a desk filled by 'bench fill'"

func (c *client) marks(ctx context.Context) marks {
	var tags []struct {
		ID   int
		Name string
	}
	if err := c.call(ctx, "GET", "/api/v1/tags", nil, &tags); err != nil {
		return marks{skip: notFilled + ": " + err.Error()}
	}
	var m marks
	for _, t := range tags {
		switch t.Name {
		case "bench-1":
			m.common = t.ID
		case "bench-20":
			m.rare = t.ID
		}
	}
	if m.common == 0 || m.rare == 0 {
		m.skip = notFilled
	}
	return m
}

// filterRows are lists that are filtered, views, and searches with operators, as the inbox asks for them.
func (cmd *HitCmd) filterRows(ctx context.Context, c *client) ([]row, error) {
	m := c.marks(ctx)
	view, err := c.view(ctx, m)
	if err != nil {
		return nil, err
	}
	get := func(path string) []byte { return request(c.root, "GET", path, c.auth, nil) }
	one := func(name, path string) row { return row{name: name, skip: m.skip, next: same(get(path))} }
	each := func(name, format string) row {
		var prepared [][]byte
		for _, word := range strings.Fields(fillWords) {
			prepared = append(prepared, get("/api/v1/search?query="+url.QueryEscape(fmt.Sprintf(format, word))))
		}
		return row{name: name, skip: m.skip, next: cmd.rotate(prepared)}
	}
	month := time.Now().AddDate(0, -6, 0)
	return []row{
		one("open", filtered("all", isOpen)),
		one("mine", filtered("assigned", isOpen)),
		one("unassigned", filtered("unassigned", isOpen)),
		one("tag", filtered("all", isOpen, tagged(m.common))),
		one("rare-tag", filtered("all", tagged(m.rare))),
		one("mixed", filtered("all", isOpen, isUrgent, hasNone, tagged(m.common))),
		one("view", view),
		one("counts", "/api/v1/conversations/counts"),
		one("view-counts", "/api/v1/views/counts"),
		one("mentioned", "/api/v1/conversations/mentioned?page=1&page_size=30"),
		one("contacts", "/api/v1/contacts?page=1&page_size=30"),
		each("find", "%s"),
		each("find-tag", "%s tag:bench-20"),
		each("find-status", "%s status:open tag:bench-1"),
		each("find-month", "%s after:"+month.Format("2006-01-02")+" before:"+month.AddDate(0, 1, 0).Format("2006-01-02")),
		each("find-from", "%s from:customer1000"),
	}, nil
}

// fillWords are some of those that 'bench fill' writes.
const fillWords = `order parcel invoice refund delivery address account password login payment card receipt
	broken missing late wrong colour size battery screen cable update error question thanks help please today tomorrow`

// view returns the path of a view of the caller's with a few conditions, which is made if it is missing.
func (c *client) view(ctx context.Context, m marks) (string, error) {
	if m.skip != "" {
		return "/", nil
	}
	const name = "Bench: urgent and open"
	var views []struct {
		ID   int
		Name string
	}
	if err := c.call(ctx, "GET", "/api/v1/views/me", nil, &views); err != nil {
		return "", err
	}
	for _, v := range views {
		if v.Name == name {
			return viewPath(v.ID), nil
		}
	}
	var made struct{ ID int }
	err := c.call(ctx, "POST", "/api/v1/views/me", map[string]any{"name": name, "filters": []condition{isOpen, isUrgent}}, &made)
	return viewPath(made.ID), err
}

func viewPath(id int) string {
	return fmt.Sprintf("/api/v1/views/%d/conversations?page=1&page_size=30", id)
}
