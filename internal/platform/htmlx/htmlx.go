// Package htmlx handles the HTML of mail and of editors: it makes hostile markup safe to store and show, renders it as
// text, finds the quoted part of a reply and rewrites addresses in it.
//
// Every function takes any input. Markup first goes through one bounded pass (balance) that yields properly nested
// elements of limited depth, so that nothing behind it, here or in a browser, can be made to work in more than linear
// time by unclosed or deeply nested tags.
package htmlx

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what is looked at; what lies beyond is cut.
const (
	MaxInput   = 8 << 20 // bytes of markup
	MaxDataURI = 2 << 20 // bytes of one data: image
	maxDepth   = 200     // open elements
)

func bound(s string) string {
	if len(s) > MaxInput {
		s = s[:MaxInput]
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	return s
}
