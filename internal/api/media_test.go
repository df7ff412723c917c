package api_test

import (
	"bytes"
	"image/png"
	"net/http"
	"strings"
	"testing"
)

var asAttachment = map[string]string{"linked_model": "messages"}

func TestUploadNeedsAnAgentAndAFileWithinTheRules(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		text := []byte("hello")
		cases := []struct {
			name, who  string
			form       form
			extensions string
			code       int
			has        string
		}{
			{"guest", guest, form{"files", "a.txt", "text/plain", text, nil}, "*", 403, "PermissionException"},
			{"unknown session", "ghost", form{"files", "a.txt", "text/plain", text, nil}, "*", 401, "GeneralException"},
			{"agent without permissions", without, form{"files", "a.txt", "text/plain", text, nil}, "*", 200, `"filename":"a.txt"`},
			{"limited agent", limited, form{"files", "отчёт 1.pdf", "application/pdf", []byte("%PDF-1.7"), asAttachment}, "*", 200, `"filename":"отчёт 1.pdf"`},
			{"admin", admin, form{"files", "a.txt", "text/plain", text, map[string]string{"inline": "true", "linked_model": "messages"}}, "*", 200, `"disposition":"inline"`},
			{"the field may be file", admin, form{"file", "a.txt", "text/plain", text, nil}, "*", 200, `"disposition":"attachment"`},
			{"another field", admin, form{"upload", "a.txt", "text/plain", text, nil}, "*", 400, `"field":"files"`},
			{"empty", admin, form{"files", "a.txt", "text/plain", nil, nil}, "*", 400, "InputException"},
			{"extension", admin, form{"files", "a.PNG", "image/png", photo(1, 1), nil}, "pdf", 400, "InputException"},
			{"too large", admin, form{"files", "a.bin", "", make([]byte, 1<<20+1), nil}, "*", 413, "GeneralException"},
			{"larger than any request", admin, form{"files", "a.bin", "", make([]byte, 5<<20), nil}, "*", 413, "GeneralException"},
			{"an unknown model", admin, form{"files", "a.txt", "", text, map[string]string{"linked_model": "users"}}, "*", 400, `"field":"linked_model"`},
		}
		for _, c := range cases {
			k.rules.Extensions = []string{c.extensions}
			if w := k.post(c.who, c.form); w.Code != c.code || !strings.Contains(w.Body.String(), c.has) {
				t := w.Body.String()
				k.t.Errorf("%s: %d %s", c.name, w.Code, t[:min(len(t), 300)])
			}
		}
		if w := k.json(http.MethodPost, "/api/v1/media", admin, `{}`); w.Code != 400 {
			k.t.Errorf("JSON gives %d", w.Code)
		}
	})
}

func TestFilesAreReadByWhoMayReadWhatTheyBelongTo(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		loose := k.upload("a.png", "image/png", photo(2, 2), nil)
		pending := k.upload("b.png", "image/png", photo(2, 2), asAttachment)
		theirs := k.upload("c.png", "image/png", photo(2, 2), asAttachment)
		ours := k.upload("d.png", "image/png", photo(2, 2), asAttachment)
		k.note(k.open(0), theirs.ID)
		k.note(k.open(k.agents[limited].ID), ours.ID)

		const unknown = "/uploads/00000000-0000-4000-8000-000000000000"
		cases := []struct {
			name, path string
			codes      map[string]int
		}{
			{"belongs to nothing", "/uploads/" + loose.UUID, map[string]int{guest: 401, "ghost": 401, without: 200, limited: 200, admin: 200}},
			{"not yet linked", "/uploads/" + pending.UUID, map[string]int{guest: 401, without: 401, limited: 200, admin: 200}},
			{"of a conversation of others", "/uploads/" + theirs.UUID, map[string]int{guest: 401, without: 401, limited: 401, admin: 200}},
			{"its thumbnail", "/uploads/thumb_" + theirs.UUID, map[string]int{guest: 401, without: 401, limited: 401, admin: 200}},
			{"of the agent's conversation", "/uploads/" + ours.UUID, map[string]int{guest: 401, without: 401, limited: 200, admin: 200}},
			{"a signature opens it to guests only", local(k.t, theirs.URL), map[string]int{guest: 200, "ghost": 200, without: 401, limited: 401, admin: 200}},
			{"another's signature", "/uploads/" + ours.UUID + theirs.URL[strings.Index(theirs.URL, "?"):], map[string]int{guest: 403, limited: 200}},
			{"a later end", local(k.t, theirs.URL) + "0", map[string]int{guest: 403}},
			{"an end that is no number", local(k.t, theirs.URL) + "x", map[string]int{guest: 400}},
			{"unknown", unknown, map[string]int{guest: 401, admin: 404}},
			{"no uuid", "/uploads/x", map[string]int{guest: 401, admin: 400}},
			{"a path", "/uploads/..%2f..%2fetc%2fpasswd", map[string]int{guest: 401, admin: 400}},
		}
		for _, c := range cases {
			for who, code := range c.codes {
				w := k.get(c.path, who)
				if w.Code != code {
					k.t.Errorf("%s as %q: %d, want %d: %.200s", c.name, who, w.Code, code, w.Body)
				}
				if w.Code == 401 && who != guest && who != "ghost" && !strings.Contains(w.Body.String(), "UnauthorizedException") {
					k.t.Errorf("%s as %q: %s", c.name, who, w.Body)
				}
			}
		}
		if w := k.get(local(k.t, theirs.URL), guest, "Authorization", "token admin:wrong"); w.Code != 401 {
			k.t.Errorf("a wrong key with a good signature gives %d", w.Code)
		}
		if w := k.get("/uploads/"+theirs.UUID, guest, "Authorization", "token admin:s"); w.Code != 200 {
			k.t.Errorf("a key gives %d", w.Code)
		}
	})
}

func TestServedFilesCannotAct(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
		cases := []struct {
			name, declared string
			content        []byte
			wantType       string
			disposition    string
		}{
			{"a b.png", "image/png", photo(2, 2), "image/png", `inline; filename="a b.png"`},
			{"фото.png", "text/html", photo(2, 2), "image/png", "inline; filename=____.png; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE.png"},
			{"a.svg", "image/svg+xml", svg, "image/svg+xml", "attachment; filename=a.svg"},
			{"a.html", "text/html", []byte("<html><script>alert(1)</script>"), "text/html", "attachment; filename=a.html"},
			{"a.png", "image/png", []byte("<html><script>alert(1)</script>"), "text/html", "attachment; filename=a.png"},
			{"a.pdf", "application/pdf", []byte("%PDF-1.7"), "application/pdf", "inline; filename=a.pdf"},
			{"a.js", "text/javascript", []byte("alert(1)"), "text/javascript", "attachment; filename=a.js"},
			{"a.zip", "application/zip", []byte("PK\x03\x04"), "application/zip", "attachment; filename=a.zip"},
			{"100%;x.txt", "text/plain", []byte("x"), "text/plain", "attachment; filename=100__x.txt; filename*=UTF-8''100%25%3Bx.txt"},
		}
		for _, c := range cases {
			m := k.upload(c.name, c.declared, c.content, nil)
			w := k.get("/uploads/"+m.UUID, admin)
			h := w.Header()
			if w.Code != 200 || h.Get("Content-Type") != c.wantType || h.Get("Content-Disposition") != c.disposition || !bytes.Equal(w.Body.Bytes(), c.content) {
				k.t.Errorf("%s: %d %v", c.name, w.Code, h)
			}
			if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || !strings.HasPrefix(h.Get("Cache-Control"), "private") {
				k.t.Errorf("%s: %v", c.name, h)
			}
			if !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") && c.wantType != "application/pdf" {
				k.t.Errorf("%s is not in a sandbox", c.name)
			}
			if d := k.get("/uploads/"+m.UUID+"?download=1", admin).Header(); !strings.HasPrefix(d.Get("Content-Disposition"), "attachment;") || !strings.HasPrefix(d.Get("Content-Security-Policy"), "sandbox;") {
				k.t.Errorf("%s as a download: %v", c.name, d)
			}
		}
	})
}

func TestFilesAreServedInPartsAndFromCaches(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		m := k.upload("a.txt", "text/plain", []byte("0123456789"), nil)
		if w := k.get("/uploads/"+m.UUID, admin, "Range", "bytes=2-4"); w.Code != 206 || w.Body.String() != "234" || w.Header().Get("Content-Range") != "bytes 2-4/10" {
			k.t.Errorf("a part: %d %q", w.Code, w.Body)
		}
		if w := k.get("/uploads/"+m.UUID, admin, "Range", "bytes=20-"); w.Code != 416 {
			k.t.Errorf("a part behind the end: %d", w.Code)
		}
		tag := k.get("/uploads/"+m.UUID, admin).Header().Get("ETag")
		if w := k.get("/uploads/"+m.UUID, admin, "If-None-Match", tag); w.Code != 304 {
			k.t.Errorf("a known file: %d", w.Code)
		}
		if w := k.get("/uploads/thumb_"+m.UUID, admin); w.Code != 404 || w.Header().Get("Cache-Control") != "no-store" {
			k.t.Errorf("the thumbnail of a text: %d", w.Code)
		}
	})
}

func TestAttachmentsOfANoteHaveSignedAddresses(t *testing.T) {
	eachFilesDesk(t, func(k *filesDesk) {
		m := k.upload("a.png", "image/png", photo(300, 200), asAttachment)
		note := k.note(k.open(0), m.ID)
		if len(note.Attachments) != 1 {
			k.t.Fatalf("attachments: %+v", note.Attachments)
		}
		a := note.Attachments[0]
		if w := k.get(local(k.t, a.URL), guest); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "inline") {
			k.t.Errorf("the file: %d %v", w.Code, w.Header())
		}
		w := k.get(local(k.t, a.ThumbnailURL), guest)
		if img, err := png.Decode(w.Body); w.Code != 200 || err != nil || img.Bounds().Dx() != 150 {
			k.t.Errorf("the thumbnail: %d %v", w.Code, err)
		}
	})
}
