package mail

import (
	"errors"
	"testing"
)

func TestParseAddressReadsOneMailbox(t *testing.T) {
	for in, want := range map[string]Address{
		"bo@x.test":                              {"", "bo@x.test"},
		"Bo Tan <Bo@X.test>":                     {"Bo Tan", "bo@x.test"},
		`"Tan, Bo" <bo@x.test>`:                  {"Tan, Bo", "bo@x.test"},
		`"a \"b\" \\c" <bo@x.test>`:              {`a "b" \c`, "bo@x.test"},
		"bo@x.test (Bo)":                         {"Bo", "bo@x.test"},
		"'bo@x.test'":                            {"", "bo@x.test"},
		"<bo@x.test>":                            {"", "bo@x.test"},
		"Bo bo@x.test":                           {"Bo", "bo@x.test"},
		"Bo <bo@x.test":                          {"Bo", "bo@x.test"},
		"bo@x.test <bo@x.test>":                  {"bo@x.test", "bo@x.test"},
		"=?utf-8?Q?J=C3=B6?= <j@x.test>":         {"Jö", "j@x.test"},
		`"=?utf-8?Q?J=C3=B6?=" <j@x.test>`:       {"Jö", "j@x.test"},
		"Jö <jö@bücher.test>":                    {"Jö", "jö@bücher.test"},
		"<@relay.test:bo@x.test>":                {"", "bo@x.test"},
		"Bo <mailto:bo@x.test>":                  {"Bo", "bo@x.test"},
		`"very unusual"@x.test`:                  {"", `"very unusual"@x.test`},
		"bo@[192.168.0.1]":                       {"", "bo@[192.168.0.1]"},
		"help+conv-1@acme.test":                  {"", "help+conv-1@acme.test"},
		"Evil\u202e <e@x.test>":                  {"Evil", "e@x.test"},
		"Support <noreply@x.test> <real@x.test>": {"Support <noreply@x.test>", "real@x.test"},
		"O'Hara <o'hara@x.test>":                 {"O'Hara", "o'hara@x.test"},
		"root@localhost":                         {"", "root@localhost"},
	} {
		got, err := ParseAddress(in)
		if err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for _, in := range []string{
		"", "not an address", "@x.test", "bo@", "a@@b.test", "a b@c d", "bo@x..test", "bo@-x.test", "bo@x.test, al@x.test",
		"bo@x.test\r\nBcc: e@x.test", "<>", "bo@x.test>", "bo\u202e@x.test", "b\x00o@x.test", "a@b@c.test", "bo@x.test\u200b",
	} {
		if got, err := ParseAddress(in); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %q, %v, want ErrAddress", in, got, err)
		}
	}
}

func TestAddressListsSplitAtCommasSemicolonsAndGroups(t *testing.T) {
	list, err := ParseAddressList(`a@x.test; "B, C; D" <b@x.test>, Team: c@x.test, d@x.test;, e@x.test`)
	if err != nil || len(list) != 5 || list[1].Name != "B, C; D" || list[4].Email != "e@x.test" {
		t.Errorf("%q %v", list, err)
	}
	if _, err := ParseAddressList("a@x.test, oops"); !errors.Is(err, ErrAddress) {
		t.Errorf("%v, want ErrAddress", err)
	}
}
