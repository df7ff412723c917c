package mail

import "testing"

func TestSmoke(t *testing.T) {
	raw, err := Compose(Outgoing{MessageID: "a@b", From: Address{"Jörg, \"x\"", "j@x.test"}, To: []Address{{"", "b@y.test"}}, Subject: "Grüße — ok", HTML: `<p>Hi <b>you</b> <img src="cid:l"></p><p>End <a href="https://x.test/a">link</a></p>`, Attachments: []Attachment{{Filename: "отчёт.pdf", ContentType: "application/pdf", Data: []byte("hello")}, {Filename: "l.png", ContentType: "image/png", ContentID: "l", Inline: true, Data: []byte("png")}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(string(raw))
	m, err := Parse(raw, Limits{})
	t.Logf("%+v %v", m, err)
}
