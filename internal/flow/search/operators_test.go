package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// found are the subjects of a search over everything, the best first.
func (k *desk) found(p *agent.Principal, query string) (out []string) {
	k.Helper()
	all, err := k.s.Search(k.ctx, p, query, 0, "")
	if err != nil {
		k.Fatalf("search %q: %v", query, err)
	}
	for _, c := range all.Conversations {
		subject, _, _ := strings.Cut(c.Subject, " - #")
		out = append(out, subject)
	}
	return out
}

// sample is a desk with a conversation of each kind that operators ask for.
func (k *desk) sample() {
	k.Helper()
	leo, billing := int64(3), int64(1)
	lamp := k.open("Zoë Müller", "zoe@kunde.test", "Lamp", "the lamp is broken")
	chair := k.open("Bo Li", "bo@shop.example", "Chair", "the chair is broken")
	desk := k.open("Zoë Müller", "zoe@kunde.test", "Desk", "the desk is fine")
	k.note(chair, "chair was broken before")
	k.must(k.c.AssignAgent(k.ctx, k.admin, lamp.UUID, &leo))
	k.must(k.c.AssignTeam(k.ctx, k.admin, chair.UUID, &billing))
	k.must(k.c.SetStatus(k.ctx, k.admin, desk.UUID, conversation.Resolved, nil))
	k.exec(`INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'VIP'), (1, 1, 'needs review')`,
		fmt.Sprintf(`INSERT INTO conversation_tags (conversation_id, tag_id) VALUES (%d, 1), (%d, 1), (%d, 2)`, lamp.ID, chair.ID, chair.ID),
		fmt.Sprintf(`INSERT INTO media (created_at, updated_at, uuid, filename, content_type, model_type, model_id, disposition, size)
			SELECT 1, 1, 'f1', 'Invoice-4711.pdf', 'application/pdf', 'messages', min(id), 'attachment', 1 FROM messages WHERE conversation_id = %d`, lamp.ID),
		fmt.Sprintf(`INSERT INTO media (created_at, updated_at, uuid, filename, content_type, model_type, model_id, disposition, size)
			SELECT 1, 1, 'f2', 'logo.png', 'image/png', 'messages', min(id), 'inline', 1 FROM messages WHERE conversation_id = %d`, chair.ID),
		fmt.Sprintf(`UPDATE messages SET text_content = text_content, meta = '{"to":["help@acme.test"],"cc":["boss@shop.example"]}' WHERE conversation_id = %d AND type = 'incoming'`, chair.ID),
		fmt.Sprintf(`UPDATE conversations SET created_at = %d, last_message_at = %d WHERE id = %d`, day("2026-01-10"), day("2026-01-10"), desk.ID),
		fmt.Sprintf(`UPDATE messages SET created_at = %d WHERE conversation_id = %d`, day("2026-01-10"), desk.ID))
	k.exec(`INSERT INTO organizations (created_at, updated_at, name, name_key) VALUES (1, 1, 'Kunde Müller KG', 'kunde müller kg')`,
		`UPDATE users SET organization_id = 1 WHERE email = 'zoe@kunde.test'`)
	k.index()
}

// day is noon of a day in microseconds.
func day(s string) int64 {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t.Add(12 * time.Hour).UnixMicro()
}

func TestOperatorsNarrowWhatIsFound(t *testing.T) {
	each(t, func(k *desk) {
		k.sample()
		for query, want := range map[string][]string{
			"broken": {"Chair", "Lamp"}, "the -broken": {"Desk"}, `"lamp is"`: {"Lamp"}, `"is lamp"`: nil, `"chair was bro`: {"Chair"}, `"chair was bro"`: nil,
			"broken tag:vip": {"Chair", "Lamp"}, `tag:"Needs Review"`: {"Chair"}, "tag:needs": {"Chair"}, "tag:vip tag:needs": {"Chair"}, "tag:vip -tag:needs": {"Lamp"},
			"status:open": {"Chair", "Lamp"}, "status:resolved": {"Desk"}, "the status:res": {"Desk"}, "status:open status:resolved": {"Chair", "Lamp", "Desk"}, "-status:open": {"Desk"},
			"assignee:leo": {"Lamp"}, "assignee:leo@acme.test broken": {"Lamp"}, "assignee:none": {"Chair", "Desk"}, "broken assignee:none": {"Chair"}, "-assignee:none": {"Lamp"}, "-assignee:leo": {"Chair", "Desk"},
			"team:billing": {"Chair"}, "team:none broken": {"Lamp"}, "inbox:support broken": {"Chair", "Lamp"},
			"organization:kunde": {"Lamp", "Desk"}, `broken org:"kunde muller kg"`: {"Lamp"}, "broken -org:kunde": {"Chair"},
			"from:bo": {"Chair"}, "from:zoe": {"Lamp", "Desk"}, "from:kunde.test": {"Lamp", "Desk"}, "broken from:zoe@kunde.test": {"Lamp"}, "from:me": {"Chair"}, "from:asha": {"Chair"}, "from:nobody": nil,
			"from:bo from:zoe broken": {"Chair", "Lamp"}, "the -from:zoe": {"Chair"},
			"to:help@acme.test": {"Chair"}, "to:boss": {"Chair"}, "to:shop.exa": {"Chair"}, "to:zoe": nil, "broken -to:help": {"Chair", "Lamp"},
			"has:attachment": {"Lamp"}, "invoice-4711": {"Lamp"}, "has:note": {"Chair"}, "broken has:note": {"Chair"}, "broken -has:note": {"Chair", "Lamp"}, "logo": nil,
			"before:2026-01-11": {"Desk"}, "before:2026-01-10": nil, "after:2026-01-10": {"Chair", "Lamp", "Desk"}, "after:2026-01-11": {"Chair", "Lamp"}, "the before:2026-02-01": {"Desk"}, "-after:2026-02-01": {"Desk"},
			"in:trash": nil, "in:spam broken": nil, "colour:red broken": nil, "in: broken": nil, "-in:trash broken": {"Chair", "Lamp"}, "#100 status:open": {"Lamp"}, "#100 status:resolved": nil,
		} {
			got := k.found(k.admin, query)
			slices.Sort(got)
			slices.Sort(want)
			k.want(query, got, want...)
			viaOld := k.subjects(k.admin, query)
			slices.Sort(viaOld)
			if strings.Contains(query, ":") && !strings.Contains(query, " ") {
				k.want("conversations: "+query, viaOld, want...)
			}
		}
		k.want("messages", k.messages(k.admin, "broken assignee:leo"), "the lamp is broken")
		k.want("messages by operators alone", k.messages(k.admin, "assignee:leo"), "the lamp is broken")
		k.want("messages before", k.messages(k.admin, "the before:2026-02-01"), "the desk is fine")
		k.want("messages of", k.messages(k.admin, "from:bo"), "the chair is broken")
		k.want("contacts from", k.contacts("from:bo"), "Bo")
		k.want("contacts of other operators", k.contacts("status:open"))
	})
}

func TestHitSaysWhatWasFoundAndWhere(t *testing.T) {
	each(t, func(k *desk) {
		k.sample()
		all, err := k.s.Search(k.ctx, k.admin, "4711", 0, "")
		k.must(err)
		if len(all.Conversations) != 1 {
			k.Fatalf("%+v", all)
		}
		hit := all.Conversations[0].Hit
		if hit == nil || !hit.Attachment || !slices.Equal(hit.Snippet, []Segment{{"Invoice-", false}, {"4711", true}, {".pdf", false}}) || hit.Sender.FirstName != "Zoë" || hit.Sender.Type != "contact" {
			k.Errorf("attachment: %+v", hit)
		}
		all, err = k.s.Search(k.ctx, k.admin, "chair", 0, "")
		k.must(err)
		c := all.Conversations[0]
		if c.Messages != 2 || c.Hit == nil || c.Hit.Attachment || len(c.SubjectParts) == 0 || c.SubjectParts[0] != (Segment{"Chair", true}) || c.Contact.FirstName != "Bo" || c.Status != "Open" {
			k.Errorf("text: %+v %+v", c, c.Hit)
		}
		all, err = k.s.Search(k.ctx, k.admin, "muller", 0, "")
		k.must(err)
		if len(all.Contacts) != 1 || len(all.Conversations) != 2 || all.Conversations[0].Hit != nil || !slices.Contains(all.Conversations[0].ContactParts, Segment{"Müller", true}) {
			k.Errorf("contact: %+v", all)
		}
	})
}

func TestPagesFollowEachOther(t *testing.T) {
	each(t, func(k *desk) {
		for i := range 7 {
			k.open("Kim", "kim@a.test", fmt.Sprint("Page ", i), "counted")
		}
		k.index()
		seen := map[string]bool{}
		cursor := ""
		for page := 0; page == 0 || cursor != ""; page++ {
			all, err := k.s.Search(k.ctx, k.admin, "counted", 3, cursor)
			k.must(err)
			for _, c := range all.Conversations {
				seen[c.UUID] = true
			}
			cursor = all.NextCursor
		}
		if len(seen) != 7 {
			k.Errorf("%d found", len(seen))
		}
		for _, bad := range []string{"x", "-1", "0", "99999"} {
			if _, err := k.s.Search(k.ctx, k.admin, "counted", 3, bad); !fault.Is(err, fault.Invalid) {
				k.Errorf("cursor %s: %v", bad, err)
			}
		}
		if _, err := k.s.Search(k.ctx, k.admin, "counted", 51, ""); !fault.Is(err, fault.Invalid) {
			k.Error(err)
		}
	})
}

func TestSearchShowsOnlyWhatMayBeRead(t *testing.T) {
	each(t, func(k *desk) {
		leo, asha := int64(3), int64(2)
		billing, care := int64(1), int64(2)
		for _, c := range []struct {
			name       string
			user, team *int64
		}{{"mine", &leo, nil}, {"others", &asha, nil}, {"others and billing", &asha, &billing}, {"billing", nil, &billing}, {"care", nil, &care}, {"nobody", nil, nil}} {
			conv := k.open("Kim", "kim@a.test", "tax "+c.name, "tax "+c.name)
			k.note(conv, "secret tax")
			if c.team != nil {
				k.must(k.c.AssignTeam(k.ctx, k.admin, conv.UUID, c.team))
			}
			if c.user != nil {
				k.must(k.c.AssignAgent(k.ctx, k.admin, conv.UUID, c.user))
			}
		}
		k.index()
		read, messages := role.ConversationsRead, role.MessagesRead
		for _, c := range []struct {
			name  string
			perms []role.Permission
			want  []string
		}{
			{"none", []role.Permission{read, messages}, nil},
			{"own", []role.Permission{read, messages, role.ConversationsReadAssigned}, []string{"tax mine"}},
			{"team inbox", []role.Permission{read, messages, role.ConversationsReadTeamInbox}, []string{"tax billing"}},
			{"team", []role.Permission{read, messages, role.ConversationsReadTeamAll}, []string{"tax billing", "tax others and billing"}},
			{"unassigned", []role.Permission{read, messages, role.ConversationsReadUnassigned}, []string{"tax nobody"}},
			{"all", []role.Permission{read, messages, role.ConversationsReadAll}, []string{"tax billing", "tax care", "tax mine", "tax nobody", "tax others", "tax others and billing"}},
		} {
			p := &agent.Principal{ID: leo, TeamIDs: []int64{billing}, Permissions: role.SetOf(c.perms...)}
			for _, query := range []string{"tax", "tax status:open", "status:open", "from:kim", "has:note", "secret", "kim", "inbox:support tax", "kim@a"} {
				got := k.found(p, query)
				slices.Sort(got)
				k.want(c.name+" "+query, got, c.want...)
			}
			all, err := k.s.Search(k.ctx, p, "kim", 0, "")
			k.must(err)
			if len(all.Contacts) != 0 {
				k.Errorf("%s: contacts without the right to them", c.name)
			}
		}
		blind := &agent.Principal{ID: leo, Permissions: role.SetOf(read, role.ConversationsReadAll)}
		for _, query := range []string{"secret", "has:note", "from:kim", "secret status:open"} {
			k.want("without messages "+query, k.found(blind, query))
		}
		if all, err := k.s.Search(k.ctx, blind, "tax", 0, ""); err != nil || len(all.Conversations) != 6 || all.Conversations[0].Hit != nil {
			k.Errorf("without messages: %+v %v", all, err)
		}
		if _, err := k.s.Search(k.ctx, &agent.Principal{ID: leo}, "tax", 0, ""); !fault.Is(err, fault.Forbidden) {
			k.Error(err)
		}
		book := &agent.Principal{ID: leo, Permissions: role.SetOf(role.ContactsRead)}
		if all, err := k.s.Search(k.ctx, book, "kim", 0, ""); err != nil || len(all.Contacts) != 1 || len(all.Conversations) != 0 {
			k.Errorf("contacts alone: %+v %v", all, err)
		}
	})
}

// A name that few conversations have is looked for in those, however many others have the words.
func TestRareTagIsFoundBehindManyOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("writes ten thousand conversations")
	}
	each(t, func(k *desk) {
		k.fill(looked + 100)
		k.exec(`INSERT INTO tags (created_at, updated_at, name) VALUES (1, 1, 'rare')`, `INSERT INTO conversation_tags (conversation_id, tag_id) VALUES (1000, 1)`)
		k.want("words", k.messages(k.admin, "common tag:rare"), "a common text about something rare0 and unique0")
		k.want("subject", k.found(k.admin, "common tag:rare"), "common rare0")
		k.want("alone", k.found(k.admin, "tag:rare"), "common rare0")
		k.want("before", k.messages(k.admin, `"unique5" before:2000-01-01`), "a common text about something rare5 and unique5")
	})
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	each(t, func(k *desk) {
		for _, query := range []string{"tag:nosuch", "status:nosuch", "team:nosuch", "inbox:nosuch", "assignee:nosuch", "has:teeth", "in:cloud", "before:tomorrow", "after:2026-13-01",
			"before:2026-1-1", "-only", strings.Repeat("has:note ", 21)} {
			for what, err := range map[string]error{
				"search":        func() error { _, err := k.s.Search(k.ctx, k.admin, query, 0, ""); return err }(),
				"messages":      func() error { _, err := k.s.Messages(k.ctx, k.admin, query); return err }(),
				"conversations": func() error { _, err := k.s.Conversations(k.ctx, k.admin, query); return err }(),
			} {
				if !fault.Is(err, fault.Invalid) {
					k.Errorf("%s %q: %v", what, query, err)
				}
			}
		}
	})
}

func TestDaysAreThoseOfTheAgent(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "Late", "evening")
		at := db.At(time.Date(2026, 3, 10, 23, 30, 0, 0, time.UTC)) // the 11th in Kolkata
		k.exec(fmt.Sprintf(`UPDATE messages SET created_at = %d WHERE conversation_id = %d`, at.UnixMicro(), c.ID))
		k.index()
		k.want("desk", k.messages(k.admin, "evening before:2026-03-11"), "evening")
		k.exec(`UPDATE users SET timezone = 'Asia/Kolkata' WHERE id = 2`)
		k.want("agent", k.messages(k.admin, "evening before:2026-03-11"))
		k.want("agent after", k.messages(k.admin, "evening after:2026-03-11"), "evening")
		k.exec(`UPDATE users SET timezone = NULL WHERE id = 2`)
		k.s.Location = func(ctx context.Context) *time.Location { return time.FixedZone("x", 3600) }
		k.want("desk's zone", k.messages(k.admin, "evening before:2026-03-11"))
	})
}

func TestSpamAndTrashAreFoundOnlyWhenAskedFor(t *testing.T) {
	each(t, func(k *desk) {
		k.sample()
		k.exec(fmt.Sprintf(`UPDATE conversations SET status_id = %d, hidden_at = 1 WHERE subject LIKE 'Lamp%%'`, statusTrash), fmt.Sprintf(`UPDATE conversations SET status_id = %d, hidden_at = 1 WHERE subject LIKE 'Desk%%'`, statusSpam))
		for _, when := range []string{"before it is indexed", "after"} {
			for query, want := range map[string][]string{"broken": {"Chair"}, "#100": nil, "from:zoe": nil, "tag:vip": {"Chair"}, "kunde.test": nil} {
				k.want(when+": "+query, k.found(k.admin, query), want...)
			}
			k.index()
		}
		for query, want := range map[string][]string{"broken in:trash": {"Lamp"}, "in:trash": {"Lamp"}, "status:trash": {"Lamp"}, "#100 in:trash": {"Lamp"}, "in:spam": {"Desk"},
			"from:zoe in:spam": {"Desk"}, "broken in:spam": nil, "tag:vip in:trash": {"Lamp"}} {
			k.want(query, k.found(k.admin, query), want...)
		}
		k.want("messages", k.messages(k.admin, "broken in:trash"), "the lamp is broken")
	})
}
