// Package fault gives the errors of Foyer's rules a kind, so that the layer that speaks HTTP (or a mail
// protocol, or a terminal) can answer in its own words without knowing the rule that was broken.
//
// An error made here carries the key of a message in the catalogue (package i18n) and the values that go into
// it; nothing below the API floor writes a sentence for a person. An error of any other type is internal.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of thing went wrong; it decides the status and error_type that a client sees.
type Kind int

const (
	Internal     Kind = iota // a bug or an outage: 500
	Invalid                  // the request is wrong and names the field: 400
	Unauthorized             // who is asking is not known: 401
	Forbidden                // who is asking may not: 403
	NotFound                 // it does not exist, or not any more: 404
	Conflict                 // it clashes with something that exists or has changed: 409
	TooLarge                 // the body is larger than allowed: 413
	RateLimited              // too many requests: 429
	Upstream                 // another server refused or did not answer: 504
)

// Error is a broken rule. Key names a message of the catalogue, Field the JSON field that is wrong (if one is),
// and Params what the message's placeholders stand for.
type Error struct {
	Kind   Kind
	Key    string
	Field  string
	Params map[string]string
	Data   any // what a client needs to go on, such as what has changed; nil for nothing
	cause  error
}

// Error returns the key and parameters; it is for logs, people get the catalogue's sentence.
func (e *Error) Error() string {
	s := e.Key
	if e.Field != "" {
		s += " field=" + e.Field
	}
	for k, v := range e.Params {
		if k != "field" {
			s += fmt.Sprintf(" %s=%q", k, v)
		}
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the error that caused this one, if any.
func (e *Error) Unwrap() error { return e.cause }

// Because attaches the error that caused this one, for the log.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// With attaches what a client needs to go on.
func (e *Error) With(data any) *Error {
	c := *e
	c.Data = data
	return &c
}

// New returns an error of a kind with a message key; params are name, value pairs.
func New(kind Kind, key string, params ...string) *Error {
	e := &Error{Kind: kind, Key: key, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		e.Params[params[i]] = params[i+1]
	}
	return e
}

// Field returns an Invalid error about one field of the request. The message may use {field}.
func Field(field, key string, params ...string) *Error {
	e := New(Invalid, key, params...)
	e.Field = field
	e.Params["field"] = field
	return e
}

// Required returns the Invalid error for a field that must be given.
func Required(field string) *Error { return Field(field, "error.required") }

// TooLong returns the Invalid error for a field over its greatest length.
func TooLong(field string, max int) *Error {
	return Field(field, "error.too_long", "max", fmt.Sprint(max))
}

// Missing returns the NotFound error for a kind of thing, such as "conversation" or "custom attribute"; each has its
// sentence in the catalogue.
func Missing(what string) *Error {
	return New(NotFound, "error.not_found."+strings.ReplaceAll(what, " ", "_"))
}

// Denied returns the Forbidden error for a missing permission or for a record that may not be seen.
func Denied() *Error { return New(Forbidden, "error.forbidden") }

// Duplicate returns the Conflict error for a value that must be unique and is taken.
func Duplicate(field, value string) *Error {
	e := New(Conflict, "error.exists", "field", field, "value", value)
	e.Field = field
	return e
}

// KindOf returns the kind of err, Internal for an error that has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of a kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
