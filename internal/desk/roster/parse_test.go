package roster

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const header = "first_name,last_name,email,roles,teams\n"

func TestFilesOfSpreadsheetsAreRead(t *testing.T) {
	want := row{Line: 2, FirstName: "Asha", LastName: "Rao", Email: "asha@x.test"}
	for name, text := range map[string]string{
		"plain":                  header + "Asha,Rao,Asha@X.test,\"Agent, Lead\",Billing\n",
		"with a byte order mark": "\xef\xbb\xbf" + header + "Asha,Rao,asha@x.test,\"Agent,Lead\",Billing\n",
		"with semicolons":        "E-Mail;EMAIL;Roles ; First_name;last_name;teams\r\nx;asha@x.test;Agent, Lead,Agent;Asha; Rao;Billing\r\n",
		"with empty cells":       header + "Asha, Rao,asha@x.test,\"Agent,Lead\",Billing,,\n",
	} {
		rows, missing, err := parse([]byte(text))
		if err != nil || missing != "" || len(rows) != 1 {
			t.Fatalf("%s: %v %q %v", name, rows, missing, err)
		}
		r := rows[0]
		if r.Line != want.Line || r.FirstName != want.FirstName || r.LastName != want.LastName || r.Email != want.Email || r.Broken != nil ||
			strings.Join(r.Roles, "|") != "Agent|Lead" || strings.Join(r.Teams, "|") != "Billing" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestARaggedRowIsAnErrorOfItsLineOnly(t *testing.T) {
	rows, _, err := parse([]byte(header + "Asha,Rao\nBo,Li,bo@x.test,Agent,\n\nC,D,c@x.test,Agent,T,too much\n"))
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v %v", rows, err)
	}
	if rows[0].Broken == nil || rows[1].Broken != nil || rows[2].Broken == nil || rows[2].Line != 5 {
		t.Errorf("%+v", rows)
	}
}

func TestWhatIsNoFileOfAgentsIsRefused(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "a header only": header, "no UTF-8": header + "\xff,b,c,d,e\n", "an open quote": header + "\"a,b,c,d,e\n",
		"too many rows": header + strings.Repeat("a,b,c,d,e\n", MaxRows+1)} {
		if _, _, err := parse([]byte(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, missing, err := parse([]byte("first_name,last_name,email\na,b,c\n")); missing != "roles" || err != nil {
		t.Errorf("%q %v", missing, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(header + "Asha,Rao,asha@x.test,Agent,\n"))
	f.Add([]byte("\xef\xbb\xbfemail;roles\n\"a\nb\";\x00,,\n"))
	f.Add([]byte("a\tb\n\"\"\t\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rows, _, err := parse(content)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if len(rows) == 0 || len(rows) > MaxRows {
			t.Fatalf("%d rows", len(rows))
		}
		for _, r := range rows {
			for _, s := range append(append([]string{r.FirstName, r.LastName, r.Email}, r.Roles...), r.Teams...) {
				if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
					t.Fatalf("%q cannot be kept", s)
				}
			}
			if r.Line < 1 || len(r.Roles) > maxNames+1 || len(r.Teams) > maxNames+1 {
				t.Fatalf("%+v", r)
			}
		}
	})
}
