package email

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/foyerdesk/foyer/internal/platform/mail"
)

// FuzzThread looks that what a mail says of the conversation it continues is bounded and can be looked up.
func FuzzThread(f *testing.F) {
	const id = "0b0e3d6e-6a5f-4a35-9f5d-0d3b6e0f3a11"
	for _, header := range []string{
		"In-Reply-To: <a@x.test>\nReferences: <b@x.test> <a@x.test>", "References: " + strings.Repeat("<a@b> ", 200), "References: <a@@b> a@b <> <<x@y>>",
		"In-Reply-To: Your message of Monday <a@x.test>", "References: <\x00@x>\n <\xff@x>", "References: <" + strings.Repeat("a", 2000) + "@x>",
		"Delivered-To: help+conv-" + id + "@acme.test", "To: HELP+CONV-" + strings.ToUpper(id) + "@acme.test, <help+eu+conv-" + id + "@x>",
		"Cc: " + strings.Repeat("a+conv-"+id+"@x, ", 100), "X-Original-To: +conv-" + id + "@", "To: =?utf-8?q?help+conv-" + id + "=40acme.test?=",
		"Authentication-Results: mx; dmarc=fail\nReceived: from a by mx; x",
	} {
		f.Add([]byte("From: a@x.test\n" + header + "\n\nbody"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := mail.Parse(raw, mail.Limits{})
		if err != nil {
			return
		}
		tags := plusTags(m)
		if len(tags) > 8 {
			t.Errorf("%d conversations", len(tags))
		}
		for _, tag := range tags {
			if u, err := uuid.Parse(tag); err != nil || u.Version() != 4 || len(tag) != 36 {
				t.Errorf("conversation %q", tag)
			}
		}
		ids := ancestors(m)
		if len(ids) > maxReferences {
			t.Errorf("%d ancestors", len(ids))
		}
		for _, id := range ids {
			if id == "" || len(id) > 3000 || !utf8.ValidString(id) || strings.ContainsAny(id, "\x00\r\n") {
				t.Errorf("ancestor %q", id)
			}
		}
		m.Header.AuthResults().Forged()
	})
}
