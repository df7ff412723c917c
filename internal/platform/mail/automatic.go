package mail

import (
	"strings"
)

// AutoSubmitted reports whether a program rather than a person sent the message, and by which rule that was seen.
// An answer to such a message must not be sent automatically (RFC 3834, section 2).
func (m *Message) AutoSubmitted() (automatic bool, rule string) {
	h := m.Header
	for _, f := range h.fields {
		value := strings.ToLower(strings.TrimSpace(stripComments(f.value)))
		keyword, _, _ := strings.Cut(value, ";")
		keyword = strings.TrimSpace(keyword)
		switch strings.ToLower(f.name) {
		case "auto-submitted": // RFC 3834, section 5
			if keyword != "no" && keyword != "" {
				return true, "Auto-Submitted: " + shorten(keyword)
			}
		case "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-mail-autoreply":
			if value != "" && value != "no" {
				return true, f.name
			}
		case "precedence":
			switch keyword {
			case "bulk", "junk", "auto_reply", "auto-reply": // not "list": people write through lists, too
				return true, "Precedence: " + keyword
			}
		case "x-precedence":
			if keyword == "auto_reply" || keyword == "bulk" || keyword == "junk" {
				return true, f.name + ": " + keyword
			}
		case "x-failed-recipients":
			return true, f.name
		}
	}
	if m.IsDSN() {
		return true, "delivery report"
	}
	if path, ok := h.raw("Return-Path"); ok && strings.TrimSpace(path) == "<>" {
		return true, "null Return-Path" // RFC 5321, section 4.5.5
	}
	return false, ""
}

// IsDSN reports whether the message is a report on the delivery of another one (RFC 3464), or a bounce of a server
// that does not write such reports.
func (m *Message) IsDSN() bool {
	ct := parseParams(m.Header.get("Content-Type"), "")
	if ct.value == "multipart/report" {
		kind := strings.ToLower(ct.params["report-type"])
		if kind == "delivery-status" || kind == "" {
			return true
		}
	}
	for _, p := range m.Parts {
		if p.ContentType == "message/delivery-status" || p.ContentType == "message/global-delivery-status" {
			return true
		}
	}
	path, ok := m.Header.raw("Return-Path")
	if !ok || strings.TrimSpace(path) != "<>" || len(m.From) == 0 {
		return false
	}
	local, _, _ := strings.Cut(m.From[0].Email, "@")
	return local == "mailer-daemon" || local == "postmaster"
}
