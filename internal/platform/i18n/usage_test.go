package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// family is a set of keys that the program puts together: the prefix stands in its source, what follows it does not.
type family struct {
	prefix string
	rest   []string // what may follow; nil for anything
}

var families = []family{
	{"account.letter_size.", []string{"small", "normal", "large", "larger"}},
	{"account.after_send.", []string{"list", "next", "stay"}},
	{"account.contrast.", []string{"high", "system"}},
	{"account.theme.", []string{"dark", "light", "system"}},
	{"activity.", nil},
	{"admin.activity.type.", nil},
	{"admin.attribute.type.", []string{"checkbox", "date", "link", "list", "number", "text"}},
	{"admin.attributes.", []string{"contact", "conversation"}},
	{"admin.attributes.empty.", join([]string{"contact", "conversation"}, []string{"title", "text"})},
	{"admin.agents.filter.", []string{"absent", "all", "disabled", "enabled"}},
	{"admin.health.mode.", nil},
	{"admin.import.column.", []string{"email", "first_name", "last_name", "roles", "teams"}},
	{"admin.health.state.", nil},
	{"admin.inbox.tls.", nil},
	{"admin.key.life.", nil},
	{"admin.outbox.state.", []string{"queued", "sending", "delayed", "failed", "bounced", "cancelled", "sent"}},
	{"admin.permission.", nil},
	{"admin.permissions.", nil},
	{"admin.preset.", nil},
	{"admin.sso.preset.", nil},
	{"admin.status.category.", []string{"open", "open.help", "resolved", "resolved.help", "waiting", "waiting.help"}},
	{"auth.error.", []string{"sso_busy", "sso_cancelled", "sso_disabled", "sso_expired", "sso_failed", "sso_linked", "sso_no_agent", "sso_no_email",
		"sso_provider", "sso_refused", "sso_state", "sso_unreachable", "sso_unverified"}},
	{"availability.", nil},
	{"composer.held.stopped.", []string{"answered", "forbidden", "hidden", "inbox", "refused"}},
	{"contacts.conversations.", []string{"any", "done", "open"}},
	{"contacts.conversations.none.", []string{"any", "done", "open"}},
	{"contacts.erase.", []string{"keep", "keep.text", "delete", "delete.text"}},
	{"conversation.wordless.", []string{"audio", "file", "image", "video"}},
	{"email.problem.", nil},
	{"error.not_found.", nil},
	{"guide.", join([]string{"desk", "account", "mailbox", "colleagues"}, []string{"short", "title", "text"})},
	{"import.log.", nil},
	{"inbox.column.", []string{"assignee", "channel", "contact", "created_at", "email", "first_reply_at", "inbox", "last_message_at", "last_reply_at",
		"next_sla_deadline_at", "priority", "reference", "resolved_at", "snoozed_until", "status", "subject", "tags", "team", "waiting_since"}},
	{"inbox.density.", nil},
	{"inbox.empty.", join([]string{"all", "assigned", "mentioned", "spam", "team", "trash", "unassigned", "view"}, []string{"title", "text"})},
	{"inbox.sort.", nil},
	{"mail.", append(join([]string{"reset", "welcome"}, []string{"subject", "hello", "text", "end"}), "welcome.sso")},
	{"mail.notification.subject.", []string{"new_conversation", "reply", "reply_stopped", "several"}},
	{"mail.template.", join([]string{"sla_breached", "sla_warning"}, []string{"subject", "text"})},
	{"mail.template.csat.", []string{"1", "2", "3", "4", "5"}},
	{"mail.template.sample.", []string{"bye", "hello", "metric", "note", "subject", "text", "time"}},
	{"mail.test.", []string{"subject", "text"}},
	{"notification.title.", nil},
	{"notifications.channel.", []string{"bell", "sound", "desktop", "push", "mail"}},
	{"notifications.event.", []string{"mention", "assignment", "reply", "reply_stopped", "new_conversation", "inbox_outage"}},
	{"notifications.tone.", []string{"bell", "chime", "drop", "knock"}},
	{"participant.", []string{"agent", "assignee", "contact", "copied", "other"}},
	{"participant.write.", []string{"bcc", "cc", "to"}},
	{"push.test.", []string{"title", "text"}},
	{"push.title.", []string{"mention", "assignment", "reply", "reply_stopped", "new_conversation"}},
	{"shell.theme.", []string{"dark", "light", "system"}},
}

// join returns each of first, a dot, and each of second.
func join(first, second []string) (all []string) {
	for _, a := range first {
		for _, b := range second {
			all = append(all, a+"."+b)
		}
	}
	return all
}

func (f family) has(key string) bool {
	rest, ok := strings.CutPrefix(key, f.prefix)
	return ok && (f.rest == nil || slices.Contains(f.rest, rest))
}

// source returns the text of the program and of the web app, without tests and without what is generated.
func source(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, root := range []string{"../..", "../../../web/desk/src", "../../../web/ui"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			name := d.Name()
			switch {
			case err != nil:
				return err
			case d.IsDir() && name == "node_modules":
				return fs.SkipDir
			case d.IsDir() || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".test.ts") || name == "schema.d.ts":
				return nil
			case !slices.Contains([]string{".go", ".ts", ".vue"}, filepath.Ext(name)):
				return nil
			}
			raw, err := os.ReadFile(path) //nolint:gosec // the program's own source
			all.Write(raw)
			all.WriteByte('\n')
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

var (
	literal = regexp.MustCompile("['\"`]([a-zA-Z_]+(?:[.:][a-zA-Z0-9_]+)+)['\"`]")
	// said is a key where only a key can stand: an argument of t, in Go what begins like the keys of sentences, and what is
	// missing.
	said = regexp.MustCompile(`\bt\(\s*'([^']+)'|[^=]"((?:error|email\.ok|import\.error)\.[a-z_]+)"|fault\.Missing\("([^"]+)"\)`)
)

func TestEveryKeyIsUsed(t *testing.T) {
	text := source(t)
	used := map[string]bool{"_.code": true, "_.name": true}
	for _, m := range literal.FindAllStringSubmatch(text, -1) {
		used[m[1]] = true
	}
	for key := range catalogue(t, Default) {
		if !used[key] && !slices.ContainsFunc(families, func(f family) bool { return f.has(key) }) {
			t.Errorf("nothing says %s: remove it from every catalogue", key)
		}
	}
}

func TestEveryKeyThatIsSaidExists(t *testing.T) {
	english := catalogue(t, Default)
	for _, m := range said.FindAllStringSubmatch(source(t), -1) {
		key := m[1] + m[2]
		if m[3] != "" {
			key = "error.not_found." + strings.ReplaceAll(m[3], " ", "_")
		}
		if english[key] == "" {
			t.Errorf("%s is not in %s", key, Default)
		}
	}
}

// TestFamiliesOfKeysAreThere keeps the list of families true: the program names the prefix of each, and what is known to
// follow it has its text.
func TestFamiliesOfKeysAreThere(t *testing.T) {
	text, english := source(t), catalogue(t, Default)
	for _, f := range families {
		if !strings.Contains(text, f.prefix+"${") && !strings.Contains(text, f.prefix+`"`) && !strings.Contains(text, f.prefix+"'") {
			t.Errorf("nothing puts keys of %s together: remove the family", f.prefix)
		}
		for _, rest := range f.rest {
			if english[f.prefix+rest] == "" {
				t.Errorf("%s%s is not in %s", f.prefix, rest, Default)
			}
		}
	}
}
