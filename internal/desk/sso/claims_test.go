package sso

import (
	"encoding/json"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFlagIsReadHoweverItIsWritten(t *testing.T) {
	for text, want := range map[string]flag{`true`: {true, true}, `"true"`: {true, true}, `"True"`: {true, true}, `1`: {true, true}, `"1"`: {true, true},
		`false`: {true, false}, `"false"`: {true, false}, `0`: {true, false}, `""`: {true, false}, `[true]`: {true, false}, `{"a":true}`: {true, false}, `null`: {}} {
		var c claims
		if err := json.Unmarshal([]byte(`{"email_verified":`+text+`}`), &c); err != nil || c.EmailVerified != want {
			t.Errorf("%s: %+v, %v", text, c.EmailVerified, err)
		}
	}
}

func TestAddressOfAnyOrganisationMustBeVouchedFor(t *testing.T) {
	for name, c := range map[string]struct {
		claims      claims
		one, anyone string // the reasons for which it is refused
	}{
		"not said":          {claims{}, "", CodeUnverified},
		"verified":          {claims{EmailVerified: flag{true, true}}, "", ""},
		"not verified":      {claims{EmailVerified: flag{true, false}}, CodeUnverified, CodeUnverified},
		"domain proved":     {claims{DomainOwner: flag{true, true}}, "", ""},
		"domain not proved": {claims{DomainOwner: flag{true, false}}, "", CodeUnverified},
	} {
		c.claims.Email = "asha@example.com"
		for _, to := range []struct {
			anybody bool
			want    string
		}{{false, c.one}, {true, c.anyone}} {
			_, err := c.claims.person("iss", "sub", to.anybody)
			if got := map[bool]string{true: "", false: CodeOf(err)}[err == nil]; got != to.want {
				t.Errorf("%s, any organisation %v: %q, want %q", name, to.anybody, got, to.want)
			}
		}
	}
}

func TestNewAgentHasAName(t *testing.T) {
	for want, c := range map[string]claims{"Asha|Rao": {GivenName: " Asha ", FamilyName: "Rao"}, "Asha|van der Rao": {Name: "Asha van der Rao"}, "Ash\u200da|": {Name: "Ash\u200da"},
		"asha|": {}, "A B|": {GivenName: "A\x00\nB"}} {
		if first, last := c.names("asha@example.com"); first+"|"+last != want {
			t.Errorf("%q|%q, want %q", first, last, want)
		}
	}
}

func TestIssuerIsTheOneThatWasAsked(t *testing.T) {
	const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	const microsoft = "https://login.microsoftonline.com/"
	for _, c := range []struct {
		asked, got string
		want       bool
	}{
		{"https://id.example.com", "https://id.example.com", true},
		{"https://id.example.com", "https://id.example.com/", true},
		{"https://id.example.com/", "https://id.example.com", true},
		{"https://id.example.com", "https://evil.example", false},
		{"https://id.example.com", "http://id.example.com", false},
		{"https://id.example.com/a", "https://id.example.com/b", false},
		{"https://id.example.com", "", false},
		{microsoft + "common/v2.0", microsoft + "{tenantid}/v2.0", true},
		{microsoft + "organizations/v2.0", microsoft + "{tenantid}/v2.0", true},
		{microsoft + "common/v2.0", microsoft + tenant + "/v2.0", false},
		{microsoft + "contoso.com/v2.0", microsoft + tenant + "/v2.0", true},
		{microsoft + "consumers/v2.0", microsoft + tenant + "/v2.0", true},
		{microsoft + tenant + "/v2.0", microsoft + "00000000-0000-0000-0000-000000000000/v2.0", false},
		{microsoft + tenant + "/v2.0", microsoft + "{tenantid}/v2.0", false},
		{"https://id.example.com/common/v2.0", "https://id.example.com/{tenantid}/v2.0", false},
	} {
		if got := sameIssuer(c.asked, c.got); got != c.want {
			t.Errorf("asked %s, got %s: %v", c.asked, c.got, got)
		}
	}
}

// FuzzClaims looks that whatever a provider says of a person is refused or gives an address that is one, and a name.
func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"email":"Asha@Example.com","email_verified":true,"given_name":"Asha"}`))
	f.Add([]byte(`{"email":"System"}`))
	f.Add([]byte("{\"email\":\"a@b\\u0000.c\",\"name\":\"\\u2028\"}"))
	f.Add([]byte(`{"email":"\"<script>\"@x.test","name":"\ud800"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var c claims
		if json.Unmarshal(raw, &c) != nil {
			return
		}
		for _, anybody := range []bool{false, true} {
			p, err := c.person("iss", "sub", anybody)
			if err != nil {
				continue
			}
			if a, err := mail.ParseAddress(p.email); err != nil || a.Address != p.email || p.email != strings.ToLower(p.email) || strings.EqualFold(p.email, "system") {
				t.Errorf("%q is let through as an address", p.email)
			}
			if p.first == "" || len([]rune(p.first)) > 140 || len([]rune(p.last)) > 140 || strings.ContainsAny(p.first+p.last+p.email, "\x00\n\r") ||
				!utf8.ValidString(p.first+p.last) {
				t.Errorf("named %q %q", p.first, p.last)
			}
			if anybody && !c.EmailVerified.true && !c.DomainOwner.true {
				t.Error("nobody vouches for the address")
			}
		}
	})
}

// FuzzClip looks that what a provider says is fit to be shown in a line.
func FuzzClip(f *testing.F) {
	f.Add("a\nb\x00\u2028c")
	f.Fuzz(func(t *testing.T, s string) {
		if got := clip(s); !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\n\r\u2028") || len([]rune(got)) > 301 {
			t.Errorf("%q", got)
		}
	})
}
