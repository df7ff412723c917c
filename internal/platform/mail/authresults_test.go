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
	checks := []AuthCheck{{"dkim", "pass", "acme.test"}, {"spf", "softfail", "mail.acme.test"}, {"dmarc", "fail", "acme.test"}}
	for name, c := range map[string]struct {
		header string
		want   *AuthResults
	}{
		"a known server":    {gmail, &AuthResults{"mx.google.com", true, checks}},
		"none":              {"Subject: x\r\n", nil},
		"nothing of use":    {"Authentication-Results: x.test; none\r\n", nil},
		"an unknown result": {"Authentication-Results: x.test; spf=great\r\n", nil},
		"the sender's own": {"Received: from evil.test by mx.ours.test; x\r\nReceived: from x by evil.test; x\r\nAuthentication-Results: evil.test; spf=pass\r\n",
			&AuthResults{"evil.test", false, []AuthCheck{{"spf", "pass", ""}}}},
		"without a name": {"Received: from x by y.prod.test; x\r\nAuthentication-Results: spf=pass smtp.mailfrom=a.test; dkim=none\r\n",
			&AuthResults{"", false, []AuthCheck{{"spf", "pass", "a.test"}, {"dkim", "none", ""}}}},
		"a version and odd space": {"Received: from a by mail.ours.test; x\r\nAuthentication-Results: ours.test 1; DKIM / 1 = PASS header.d = B.test\r\n",
			&AuthResults{"ours.test", true, []AuthCheck{{"dkim", "pass", "b.test"}}}},
		"only the last of two": {"Authentication-Results: a.test; spf=fail\r\nAuthentication-Results: b.test; spf=pass\r\n",
			&AuthResults{"a.test", false, []AuthCheck{{"spf", "fail", ""}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ReadHeader([]byte(c.header+"\r\nbody"), Limits{}).AuthResults(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestFieldsComeInTheOrderOfTheMessage(t *testing.T) {
	got := ReadHeader([]byte("B: =?utf-8?q?=C3=A4?=\r\nA: 1\r\n 2\r\nB: x\r\n\r\nC: y"), Limits{}).Fields()
	if want := []HeaderField{{"B", "ä"}, {"A", "1 2"}, {"B", "x"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func FuzzAuthResults(f *testing.F) {
	for _, s := range []string{"x.test; spf=pass (a(b)c) smtp.mailfrom=a@b", `"x"; dkim = fail header.d="a;b"`, "\\", `";"(`, "a;;=;dmarc=pass"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := Header{fields: []field{{"Authentication-Results", s}, {"Received", s}}}
		if r := h.AuthResults(); r != nil && (len(r.Checks) == 0 || len(r.Checks) > maxAuthChecks) {
			t.Errorf("%q gives %+v", s, r)
		}
	})
}
