package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Secret stands in an entry for a value that is none of the log's business. That it stands on both sides says that the
// secret was replaced by another.
const Secret = "••••••••••"

const (
	maxFields = 200   // that differ
	maxValue  = 1_000 // characters of one value
	maxWhole  = 1_000_000
)

// diff returns the fields in which two values differ, as they were and as they are, by their path in JSON
// ("config.smtp.0.host"). A list of plain values is one field. When something was created or deleted, its empty fields
// say nothing and are left out. Texts are cut at so many characters.
func diff(before, after any, most int) (was, is map[string]any, err error) {
	a, err := flatten(before)
	if err != nil {
		return nil, nil, err
	}
	b, err := flatten(after)
	if err != nil {
		return nil, nil, err
	}
	was, is = map[string]any{}, map[string]any{}
	paths := slices.Sorted(maps.Keys(a))
	for path := range b {
		if _, both := a[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		x, had := a[path]
		y, has := b[path]
		switch {
		case had && has && reflect.DeepEqual(x, y), !had && blank(y), !has && blank(x):
			continue
		case len(was) >= maxFields || len(is) >= maxFields:
			return was, is, nil
		}
		if had {
			was[path] = shown(path, x, most)
		}
		if has {
			is[path] = shown(path, y, most)
		}
	}
	return was, is, nil
}

// flatten returns the fields of a value by their path.
func flatten(v any) (map[string]any, error) {
	out := map[string]any{}
	if v == nil {
		return out, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("decode %T: %w", v, err)
	}
	gather(out, "", tree)
	return out, nil
}

func gather(out map[string]any, path string, v any) {
	under := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if path == "" && bookkeeping(name) {
				continue
			}
			gather(out, under(name), value)
		}
	case []any:
		if !slices.ContainsFunc(v, nested) {
			out[path] = v
			return
		}
		for i, value := range v {
			gather(out, under(strconv.Itoa(i)), value)
		}
	default:
		out[path] = v
	}
}

func nested(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// bookkeeping reports whether a field only says what the entry says anyway.
func bookkeeping(name string) bool {
	return name == "id" || name == "uuid" || name == "created_at" || name == "updated_at"
}

func blank(v any) bool {
	if list, ok := v.([]any); ok {
		return len(list) == 0
	}
	return v == nil || v == "" || v == false || v == 0.0
}

// shown returns a value as it is kept: secrets are hidden, long texts are cut. That a secret is not set is not hidden.
func shown(path string, v any, most int) any {
	if !blank(v) && secret(path, v) {
		return Secret
	}
	switch v := v.(type) {
	case string:
		return clip(v, most)
	case []any:
		list := make([]any, 0, min(len(v), maxFields))
		for _, item := range v[:min(len(v), maxFields)] {
			if text, ok := item.(string); ok {
				item = clip(text, most)
			}
			list = append(list, item)
		}
		return list
	}
	return v
}

// secret reports whether a field is one by its name, or its value by being sealed (package crypt).
func secret(path string, v any) bool {
	if text, ok := v.(string); ok && strings.HasPrefix(text, "enc:") {
		return true
	}
	for _, part := range strings.Split(strings.ToLower(path), ".") {
		for _, word := range []string{"password", "secret", "token", "credential", "private_key", "authorization", "headers"} {
			if strings.Contains(part, word) {
				return true
			}
		}
	}
	return false
}
