package search

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/event"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/bus"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// noFiles is a desk without stored files.
type noFiles struct{}

func (noFiles) Link(context.Context, *db.Tx, []int64, int64) error                { return nil }
func (noFiles) LinkInline(context.Context, *db.Tx, []string, int64) error         { return nil }
func (noFiles) Add(context.Context, *db.Tx, int64, media.Incoming) error          { return nil }
func (noFiles) Copy(context.Context, string, int64) (media.Media, error)          { return media.Media{}, nil }
func (noFiles) Known(context.Context, db.Querier, []int64) ([]media.Media, error) { return nil, nil }
func (noFiles) Unlink(context.Context, *db.Tx, int64) error                       { return nil }
func (noFiles) Discard(context.Context, *db.Tx, int64) ([]string, error)          { return nil, nil }
func (noFiles) SignedURL(uuid string) string                                      { return "/uploads/" + uuid }
func (noFiles) OfMessages(context.Context, db.Querier, []int64) (map[int64][]media.Attachment, error) {
	return map[int64][]media.Attachment{}, nil
}

// desk is a small desk to search in.
type desk struct {
	testing.TB
	ctx   context.Context
	db    *db.DB
	c     *conversation.Service
	s     *Service
	admin *agent.Principal
}

func each(t *testing.T, fn func(k *desk)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newDesk(t, d)) })
}

func newDesk(t testing.TB, d *db.DB) *desk {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	k := &desk{TB: t, ctx: context.Background(), db: d, s: New(d, log, "node")}
	k.must(jobs.Migrate(k.ctx, d))
	k.exec(`INSERT INTO users (created_at, updated_at, type, is_system, email, first_name) VALUES (1, 1, 'agent', TRUE, 'System', 'System')`,
		`INSERT INTO users (created_at, updated_at, type, email, first_name, last_name) VALUES (1, 1, 'agent', 'asha@acme.test', 'Asha', 'Rao')`,
		`INSERT INTO users (created_at, updated_at, type, email, first_name) VALUES (1, 1, 'agent', 'leo@acme.test', 'Leo')`,
		`INSERT INTO teams (created_at, updated_at, name) VALUES (1, 1, 'Billing'), (1, 1, 'Care')`,
		`INSERT INTO statuses (created_at, name, category) VALUES (1, 'Open', 'open'), (1, 'Snoozed', 'waiting'), (1, 'Resolved', 'resolved'), (1, 'Closed', 'resolved')`,
		`INSERT INTO inboxes (created_at, updated_at, uuid, name, channel, enabled, from_address) VALUES (1, 1, 'u', 'Support', 'email', TRUE, 'Help <help@acme.test>')`)
	runner, err := jobs.New(d, "here", log)
	k.must(err)
	k.c = conversation.New(d, event.NewLog(d, bus.Local{}, log), runner, noFiles{})
	jobs.Handle(runner, k.c.Wake)
	jobs.Handle(runner, k.c.ForgetNote)
	k.admin = &agent.Principal{ID: 2, FirstName: "Asha", Permissions: role.SetOf(role.All...)}
	return k
}

func (k *desk) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

func (k *desk) exec(statements ...string) {
	k.Helper()
	k.must(k.db.Tx(k.ctx, func(tx *db.Tx) error {
		for _, q := range statements {
			if _, err := tx.Exec(k.ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
}

// open opens a conversation with a message of the contact.
func (k *desk) open(name, email, subject, text string) *conversation.Conversation {
	k.Helper()
	first, last, _ := strings.Cut(name, " ")
	c, err := k.c.Create(k.ctx, k.admin, conversation.Create{InboxID: 1, ContactEmail: email, FirstName: first, LastName: last, Subject: subject,
		Content: "<p>" + text + "</p>", Initiator: "contact"})
	k.must(err)
	return c
}

func (k *desk) note(c *conversation.Conversation, text string) *conversation.Message {
	k.Helper()
	m, err := k.c.SendMessage(k.ctx, k.admin, c.UUID, conversation.Send{Message: "<p>" + text + "</p>", SenderType: conversation.SenderAgent, Private: true})
	k.must(err)
	return m
}

func (k *desk) index() { k.Helper(); k.must(k.s.CatchUp(k.ctx, nil)) }

// messages returns the first words of the messages found.
func (k *desk) messages(p *agent.Principal, query string) (out []string) {
	k.Helper()
	found, err := k.s.Messages(k.ctx, p, query)
	if err != nil {
		k.Fatalf("search %q: %v", query, err)
	}
	for _, m := range found {
		out = append(out, strings.TrimSpace(m.TextContent))
	}
	return out
}

func (k *desk) subjects(p *agent.Principal, query string) (out []string) {
	k.Helper()
	found, err := k.s.Conversations(k.ctx, p, query)
	if err != nil {
		k.Fatalf("search %q: %v", query, err)
	}
	for _, c := range found {
		subject, _, _ := strings.Cut(c.Subject, " - #") // which every subject gets
		out = append(out, subject)
	}
	return out
}

func (k *desk) contacts(query string) (out []string) {
	k.Helper()
	found, err := k.s.Contacts(k.ctx, query)
	if err != nil {
		k.Fatalf("search %q: %v", query, err)
	}
	for _, c := range found {
		out = append(out, c.FirstName)
	}
	return out
}

func (k *desk) want(what string, got []string, want ...string) {
	k.Helper()
	if !slices.Equal(got, want) {
		k.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestMessagesAreFoundByWordsBeginningsAndWithoutDiacritics(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Zoë Müller", "zoe@kunde.test", "Lamp", "My café order REF-4711 is late")
		for _, text := range []string{"Straße und Schlüssel", "訂單在東京交付", "el niño llegó", "Łódź parcel", "naïve résumé", "мій пакунок", "don't panic"} {
			k.note(c, text)
		}
		k.index()
		for query, want := range map[string]string{
			"cafe": "My café order REF-4711 is late", "CAFÉ": "My café order REF-4711 is late", "ord": "My café order REF-4711 is late",
			"orde": "My café order REF-4711 is late", "order caf": "My café order REF-4711 is late", "ref-4711": "My café order REF-4711 is late",
			"ref-47": "My café order REF-4711 is late", "strasse": "Straße und Schlüssel", "schlussel": "Straße und Schlüssel",
			"東京": "訂單在東京交付", "在東": "訂單在東京交付", "東京交付": "訂單在東京交付", "nino": "el niño llegó", "lodz": "Łódź parcel",
			"cafe\u0301": "My café order REF-4711 is late", "resume": "naïve résumé", "ПАКУНОК": "мій пакунок", "don't": "don't panic",
		} {
			k.want(query, k.messages(k.admin, query), want)
		}
		for _, query := range []string{"京東", "4711-ref", "caff", "rder", "order lamp", "%%%", "___", "***", `"""`} {
			k.want(query, k.messages(k.admin, query))
		}
	})
}

func TestWordThatBeginsManyOthersFindsThemAll(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "nothing")
		for i := range 2 * maxEndings {
			k.note(c, fmt.Sprintf("inter%03d", i))
		}
		k.note(c, "internet")
		k.index()
		if got := k.messages(k.admin, "inter"); len(got) != maxMessages {
			k.Errorf("found %d", len(got))
		}
		k.want("few endings", k.messages(k.admin, "intern"), "internet")
		k.want("in an address", k.messages(k.admin, "inter004"), "inter004")
	})
}

func TestBetterMatchesComeFirst(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "hello")
		k.note(c, "invoice payment")
		k.note(c, "payment for an order without the invoice that was sent to the address of the company last year, "+strings.Repeat("with more words ", 20))
		k.note(c, "invoices")
		k.note(c, "invoice invoice invoice")
		k.index()
		got := k.messages(k.admin, "invoice")
		if len(got) != 4 || got[0] != "invoice invoice invoice" || got[1] != "invoice payment" || got[2] != "invoices" {
			k.Errorf("one word: %q", got)
		}
		if got := k.messages(k.admin, "invoice payment"); len(got) != 2 || got[0] != "invoice payment" {
			k.Errorf("two words: %q", got)
		}
		found, err := k.s.Messages(k.ctx, k.admin, "invoice that")
		k.must(err)
		want := []Segment{{"payment for an order without the ", false}, {"invoice", true}, {" ", false}, {"that", true}}
		if len(found) != 1 || len(found[0].Snippet) < 5 || !slices.Equal(found[0].Snippet[:4], want) || len([]rune(found[0].TextContent)) != 200 {
			k.Errorf("snippet: %+v", found)
		}
		if m := found[0]; m.CreatedAt.Before(time.Now().Add(-time.Hour)) || m.ConversationUUID != c.UUID || m.MessageUUID == "" || m.ConversationStatus != "Open" ||
			m.ConversationReferenceNumber != c.ReferenceNumber || !m.Private || m.MessageType != "outgoing" || m.ConversationSubject != "S - #100" {
			k.Errorf("message: %+v", m)
		}
	})
}

func TestOnlyWhatMayBeReadIsFound(t *testing.T) {
	each(t, func(k *desk) {
		leo, asha := int64(3), int64(2)
		billing, care := int64(1), int64(2)
		for _, c := range []struct {
			name       string
			user, team *int64
		}{{"mine", &leo, nil}, {"mine and care", &leo, &care}, {"others", &asha, nil}, {"others and billing", &asha, &billing}, {"billing", nil, &billing}, {"care", nil, &care}, {"nobody", nil, nil}} {
			conv := k.open("Kim", "kim@a.test", "tax "+c.name, "tax "+c.name)
			if c.team != nil {
				k.must(k.c.AssignTeam(k.ctx, k.admin, conv.UUID, c.team))
			}
			if c.user != nil {
				k.must(k.c.AssignAgent(k.ctx, k.admin, conv.UUID, c.user))
			}
		}
		k.index()
		read := role.ConversationsRead
		for _, c := range []struct {
			name  string
			perms []role.Permission
			want  []string
		}{
			{"none", []role.Permission{read}, nil},
			{"lists without read", []role.Permission{role.ConversationsReadAll}, nil},
			{"own", []role.Permission{read, role.ConversationsReadAssigned}, []string{"tax mine", "tax mine and care"}},
			{"team inbox", []role.Permission{read, role.ConversationsReadTeamInbox}, []string{"tax billing"}},
			{"team", []role.Permission{read, role.ConversationsReadTeamAll}, []string{"tax billing", "tax others and billing"}},
			{"unassigned", []role.Permission{read, role.ConversationsReadUnassigned}, []string{"tax nobody"}},
			{"all", []role.Permission{read, role.ConversationsReadAll}, []string{"tax billing", "tax care", "tax mine", "tax mine and care", "tax nobody", "tax others", "tax others and billing"}},
		} {
			p := &agent.Principal{ID: leo, TeamIDs: []int64{billing}, Permissions: role.SetOf(c.perms...)}
			for what, got := range map[string][]string{"messages": k.messages(p, "tax"), "conversations": k.subjects(p, "tax"), "addresses": k.subjects(p, "im@a.t")} {
				slices.Sort(got)
				k.want(c.name+" "+what, got, c.want...)
			}
			found, err := k.s.Conversations(k.ctx, p, "#100")
			k.must(err)
			if may := slices.Contains(c.want, "tax mine"); (len(found) == 1) != may {
				k.Errorf("%s: by reference %+v", c.name, found)
			}
		}
	})
}

func TestReaderOfFewConversationsFindsThemBehindManyOthers(t *testing.T) {
	each(t, func(k *desk) {
		leo := int64(3)
		mine := k.open("Kim", "kim@a.test", "mine", "a common word")
		k.must(k.c.AssignAgent(k.ctx, k.admin, mine.UUID, &leo))
		other := k.open("Kim", "kim@a.test", "other", "a common word")
		for range 3 * candidates {
			k.note(other, "common")
		}
		k.index()
		p := &agent.Principal{ID: leo, Permissions: role.SetOf(role.ConversationsRead, role.ConversationsReadAssigned)}
		k.want("messages", k.messages(p, "common"), "a common word")
	})
}

func TestConversationsAreFoundByReferenceSubjectAndContact(t *testing.T) {
	each(t, func(k *desk) {
		lamp := k.open("Zoë Müller", "zoe.mueller@kunde.test", "Broken lamp", "x")
		chair := k.open("Bo Li", "bo@shop.example", "A chair, as in "+lamp.ReferenceNumber, "x")
		k.index()
		if lamp.ReferenceNumber != "100" || chair.ReferenceNumber != "101" {
			k.Fatalf("references %s %s", lamp.ReferenceNumber, chair.ReferenceNumber)
		}
		both := []string{"Broken lamp", "A chair, as in 100"}
		k.want("reference", k.subjects(k.admin, "100"), both...)
		k.want("reference with its sign", k.subjects(k.admin, " #100 "), both...)
		k.want("subject", k.subjects(k.admin, "lamp broken"), "Broken lamp")
		k.want("name", k.subjects(k.admin, "zoe muller"), "Broken lamp")
		k.want("subject and name", k.subjects(k.admin, "chair li"), "A chair, as in 100")
		k.want("address", k.subjects(k.admin, "BO@shop.example"), "A chair, as in 100")
		k.want("part of an address", k.subjects(k.admin, "@kun"), "Broken lamp")
		k.want("middle of an address", k.subjects(k.admin, "eller@ku"), "Broken lamp")
		k.want("wildcards", k.subjects(k.admin, "%kunde%"), "Broken lamp") // the word in it
		k.want("wildcards alone", k.subjects(k.admin, "z_e"))
	})
}

func TestContactsAreFoundByNameAddressAndPhone(t *testing.T) {
	each(t, func(k *desk) {
		k.open("Zoë Müller", "zoe@kunde.test", "S", "x")
		k.open("Bo Li", "bo@shop.example", "S", "x")
		k.exec(`UPDATE users SET phone_number = '5550123' WHERE email = 'bo@shop.example'`)
		k.index()
		for query, want := range map[string][]string{"muller": {"Zoë"}, "zoe@kunde.test": {"Zoë"}, "unde.t": {"Zoë"}, "5550": {"Bo"}, "asha": nil, "@sh": {"Bo"}, "%sh": nil} {
			k.want(query, k.contacts(query), want...)
		}
		k.exec(`UPDATE users SET first_name = 'Kirsten', email = 'kirsten@neu.test' WHERE email = 'zoe@kunde.test'`)
		k.index()
		for query, want := range map[string][]string{"zoe": nil, "unde.t": nil, "kirs": {"Kirsten"}, "neu.t": {"Kirsten"}} {
			k.want("renamed: "+query, k.contacts(query), want...)
		}
		k.want("conversations of the renamed", k.subjects(k.admin, "kirsten"), "S")
		k.exec(`UPDATE users SET deleted_at = 5 WHERE email = 'bo@shop.example'`)
		k.index()
		k.want("deleted", k.contacts("shop.example"))
	})
}

func TestDeletedNoteIsNotFound(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "hello")
		n := k.note(c, "secretword")
		k.index()
		k.want("before", k.messages(k.admin, "secretword"), "secretword")
		text, err := k.c.DeleteNote(k.ctx, k.admin, c.UUID, n.UUID)
		k.must(err)
		k.index()
		k.want("after", k.messages(k.admin, "secretword"))
		k.want("what stands in its place", k.messages(k.admin, text))
		k.exec(`DELETE FROM conversations`)
		k.index()
		k.want("conversation deleted", k.messages(k.admin, "hello"))
	})
}

func TestActivityIsNotFound(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Kim", "kim@a.test", "S", "hello")
		k.must(k.c.SetStatus(k.ctx, k.admin, c.UUID, conversation.Resolved, nil))
		k.index()
		k.want("activity", k.messages(k.admin, "marked"))
	})
}

func TestQueryMustBeLongEnoughAndNotTooLong(t *testing.T) {
	each(t, func(k *desk) {
		for _, query := range []string{"", "  ", "ab", " ab ", "é", strings.Repeat("a", 501)} {
			_, a := k.s.Messages(k.ctx, k.admin, query)
			_, b := k.s.Conversations(k.ctx, k.admin, query)
			_, c := k.s.Contacts(k.ctx, query)
			for _, err := range []error{a, b, c} {
				if !fault.Is(err, fault.Invalid) {
					k.Errorf("%q: %v", query, err)
				}
			}
		}
	})
}

func TestMessagesOfAConversationAreFoundAtOnceByHowWordsBegin(t *testing.T) {
	each(t, func(k *desk) {
		c := k.open("Zoë", "zoe@kunde.test", "Lamp", "My café order REF-4711 is late")
		k.open("Bo", "bo@kunde.test", "Order", "My order, too")
		k.note(c, "an order of two")
		k.note(c, "nothing here")
		// Nothing was indexed.
		find := func(query string) (out []string) {
			k.Helper()
			found, err := k.s.InConversation(k.ctx, c.ID, query)
			k.must(err)
			if found.Total != len(found.Results) {
				k.Errorf("%q: %d of %d", query, len(found.Results), found.Total)
			}
			for _, m := range found.Results {
				text := ""
				for _, part := range m.Snippet {
					text += part.Text
				}
				out = append(out, text)
			}
			return out
		}
		k.want("the newest first", find("order"), "an order of two", "My café order REF-4711 is late")
		k.want("every word", find("CAFE o"), "My café order REF-4711 is late")
		k.want("words that touch", find("ref-47"), "My café order REF-4711 is late")
		k.want("two letters", find("tw"), "an order of two")
		k.want("the middle of a word", find("rder"))
		for _, query := range []string{"", "  ", "%", strings.Repeat("x", maxQuery+1)} {
			if _, err := k.s.InConversation(k.ctx, c.ID, query); !fault.Is(err, fault.Invalid) {
				k.Errorf("%q: %v", query, err)
			}
		}
		for _, query := range []string{fmt.Sprintf(threadQuery, threadText, maxThread), threadNamesQuery} {
			plan, err := db.Explain(k.ctx, k.db, query, c.ID)
			k.must(err)
			if text := strings.Join(plan, "\n"); k.db.Engine() == db.SQLite && (!strings.Contains(text, "messages_conversation") || strings.Contains(text, "(model_type=?)")) {
				k.Errorf("%s\n%s", query, text)
			}
		}
	})
}
