package mail

import (
	"reflect"
	"testing"
)

func TestVerdictOfTheServerThatTookTheMailIn(t *testing.T) {
	const gmail = "Received: by 2002:a05:6a10:1 with SMTP id x; Mon, 2 Mar 2026 01:00:00 -0800 (PST)\r\n" +
		"Received: from mail.acme.test (mail.acme.test. [192.0.2.1])\r\n        by mx.google.com with ESMTPS id y\r\n" +
		"Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@acme.test header.s=s1 header.b=x;\r\n" +
		"       spf=softfail (google.com: domain of transitioning; x) smtp.mailfrom=\"bounce@mail.acme.test\";\r\n" +
		"       dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=acme.test; arc=none\r\n"
	checks := []AuthCheck{{"dkim", "pass", "acme.test", ""}, {"spf", "softfail", "mail.acme.test", ""}, {"dmarc", "fail", "acme.test", "none"}}
	for name, c := range map[string]struct {
		header string
		want   *AuthResults
	}{
		"a known server":    {gmail, &AuthResults{"mx.google.com", true, checks}},
		"none":              {"Subject: x\r\n", nil},
		"nothing of use":    {"Authentication-Results: x.test; none\r\n", nil},
		"an unknown result": {"Authentication-Results: x.test; spf=great\r\n", nil},
		"the sender's own": {"Received: from evil.test by mx.ours.test; x\r\nReceived: from x by evil.test; x\r\nAuthentication-Results: evil.test; spf=pass\r\n",
			&AuthResults{"evil.test", false, []AuthCheck{{"spf", "pass", "", ""}}}},
		"without a name": {"Received: from x by y.prod.test; x\r\nAuthentication-Results: spf=pass smtp.mailfrom=a.test; dkim=none\r\n",
			&AuthResults{"", false, []AuthCheck{{"spf", "pass", "a.test", ""}, {"dkim", "none", "", ""}}}},
		"a version and odd space": {"Received: from a by mail.ours.test; x\r\nAuthentication-Results: ours.test 1; DKIM / 1 = PASS header.d = B.test\r\n",
			&AuthResults{"ours.test", true, []AuthCheck{{"dkim", "pass", "b.test", ""}}}},
		"only the last of two": {"Authentication-Results: a.test; spf=fail\r\nAuthentication-Results: b.test; spf=pass\r\n",
			&AuthResults{"a.test", false, []AuthCheck{{"spf", "fail", "", ""}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ReadHeader([]byte(c.header+"\r\nbody"), Limits{}).AuthResults(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestForgedIsWhatItsDomainDoesNotWant(t *testing.T) {
	for value, want := range map[string]bool{
		"dmarc=pass (p=REJECT dis=NONE) header.from=x.test":                                                                                         false,
		"dmarc=none header.from=x.test":                                                                                                             false,
		"dmarc=fail (p=REJECT sp=REJECT dis=REJECT) header.from=x.test":                                                                             true,
		"dmarc=fail (p=REJECT sp=REJECT dis=QUARANTINE) header.from=x.test":                                                                         true,
		"dmarc=fail (p=REJECT sp=REJECT dis=NONE) header.from=x.test; arc=pass (i=1)":                                                               false, // the server trusts the forwarder
		"dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=x.test":                                                                                   false,
		"spf=fail smtp.mailfrom=x.test; dkim=none; dmarc=fail action=none header.from=x.test; compauth=fail":                                        false,
		"dmarc=fail action=oreject header.from=x.test":                                                                                              true,
		"dmarc=fail action=quarantine header.from=x.test":                                                                                           true,
		"dmarc=fail policy.published-domain-policy=none policy.applied-disposition=none policy.evaluated-disposition=none header.from=x.test":       false,
		"dmarc=fail policy.published-domain-policy=reject policy.applied-disposition=none header.from=x.test":                                       false,
		`dmarc=fail reason="No valid SPF, No valid DKIM" header.from=x.test (policy=none)`:                                                          false,
		`dmarc=fail reason="No valid SPF, No valid DKIM" header.from=x.test (policy=reject)`:                                                        true,
		"dmarc=fail (p=none; sp=reject) header.from=mail.x.test":                                                                                    true, // which of the two is not said
		"dmarc=fail header.from=x.test":                                                                                                             true,
		"dkim=pass header.d=mail.x.test; dmarc=fail header.from=x.test":                                                                             false,
		"spf=pass smtp.mailfrom=bounce@x.test; dmarc=fail header.from=news.x.test":                                                                  false,
		"dkim=pass header.d=evil.test; spf=pass smtp.mailfrom=evil.test; dmarc=fail header.from=x.test":                                             true,
		"dkim=pass header.d=notx.test; dmarc=fail header.from=x.test":                                                                               true,
		"dkim=pass header.d=test; dmarc=fail header.from=x.test":                                                                                    true,
		"dkim=pass header.d=x.test; dmarc=fail (p=reject) header.from=x.test":                                                                       true,
		"arc=pass (i=1 spf=pass dkim=pass dmarc=pass fromdomain=x.test); dmarc=fail header.from=x.test":                                             true, // anybody can seal
		`spf=fail (domain of "dis=none"@x.test; dmarc=fail (p=none dis=none)) smtp.mailfrom=x.test; dmarc=fail (p=reject) header.from=x.test`:       true,
		`spf=fail smtp.mailfrom="a; dmarc=pass"@x.test; dmarc=fail (p=reject) header.from=x.test; dmarc=fail (p=none) header.from="y.test; p=none"`: true,
	} {
		h := ReadHeader([]byte("Received: from a by mx.ours.test; x\r\nAuthentication-Results: mx.ours.test; "+value+"\r\n\r\n"), Limits{})
		if got := h.AuthResults().Forged(); got != want {
			t.Errorf("%s: forged %v, %+v", value, got, h.AuthResults())
		}
	}
}

func TestFieldsComeInTheOrderOfTheMessage(t *testing.T) {
	got := ReadHeader([]byte("B: =?utf-8?q?=C3=A4?=\r\nA: 1\r\n 2\r\nB: x\r\n\r\nC: y"), Limits{}).Fields()
	if want := []HeaderField{{"B", "ä"}, {"A", "1 2"}, {"B", "x"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func FuzzAuthResults(f *testing.F) {
	for _, s := range []string{"x.test; spf=pass (a(b)c) smtp.mailfrom=a@b", `"x"; dkim = fail header.d="a;b"`, "\\", `";"(`, "a;;=;dmarc=pass",
		"x.test; dmarc=fail (p=REJECT sp=(NONE) dis=NONE) header.from=x.test; dkim=pass header.d=x.test", `x; dmarc=fail action="oreject" (p=none;dis`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := Header{fields: []field{{"Authentication-Results", s}, {"Received", s}}}
		if r := h.AuthResults(); r != nil && (len(r.Checks) == 0 || len(r.Checks) > maxAuthChecks) {
			t.Errorf("%q gives %+v", s, r)
		}
		if r := h.AuthResults(); r.Forged() && !r.Confirmed {
			t.Errorf("%q is believed", s)
		}
	})
}
