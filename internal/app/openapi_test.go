package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/app"
	"github.com/foyerdesk/foyer/internal/desk/remote"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
)

// described is the committed document, from which the types of the web app are generated.
const described = "../../web/ui/api/openapi.json"

func TestDocumentInTheRepositoryIsTheOneThatIsServed(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile(described)
	if err != nil {
		t.Fatal(err)
	}
	cfg := deskConfig(t, "")
	cfg.DatabaseURL = cfg.DataDir + "/foyer.db"
	a, err := app.Open(t.Context(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	var got bytes.Buffer
	if err := a.WriteOpenAPI(&got); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got.Bytes(), want) {
		return
	}
	is, was := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i, line := range is {
		if i >= len(was) || line != was[i] {
			t.Fatalf("%s is out of date from line %d on, %q: run \"make generate\"", described, i+1, strings.TrimSpace(line))
		}
	}
	t.Fatalf("%s is longer than what is generated: run \"make generate\"", described)
}

// answered looks that a successful answer has the form that the document gives it.
func answered(t *testing.T, doc *huma.OpenAPI, op *huma.Operation, raw []byte) {
	t.Helper()
	content := op.Responses["200"].Content["application/json"]
	if content == nil {
		return
	}
	var body any
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Errorf("%s %s: %v in %s", op.Method, op.Path, err, clip(raw))
		return
	}
	var found huma.ValidateResult
	huma.Validate(doc.Components.Schemas, content.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, body, &found)
	for _, err := range found.Errors {
		t.Errorf("%s %s: %v in %s", op.Method, op.Path, err, clip(raw))
	}
}

// asked adds to a path the query that it does not do without.
func asked(path string) string {
	switch {
	case strings.HasSuffix(path, "/search"), strings.HasSuffix(path, "/find"):
		return path + "?query=hello"
	case strings.HasSuffix(path, "/templates"):
		return path + "?type=email_outgoing"
	case strings.HasSuffix(path, "/mails"):
		return path + "?mailbox=1"
	}
	return path
}

// needsMail reports whether a route is about what came with a mail, which the desk's note has not, or about mails.
func needsMail(path string) bool {
	if strings.HasSuffix(path, "/mails") || strings.Contains(path, "/mails/") {
		return true
	}
	_, rest, ofMessage := strings.Cut(path, "/messages/{message}/")
	return ofMessage && (rest == "headers" || rest == "source" || rest == "attachments")
}

func operations(doc *huma.OpenAPI) (out []*huma.Operation) {
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch} {
			if op != nil {
				out = append(out, op)
			}
		}
	}
	return out
}

func TestAnswersHaveTheFormThatTheDocumentSays(t *testing.T) {
	t.Parallel()
	dbtest.URLs(t, func(t *testing.T, url string) {
		empty := startDesk(t, url)
		for _, op := range operations(empty.app.API.OpenAPI()) {
			// An empty desk has no import to tell of: 404 is the answer that clients know.
			if op.Method == http.MethodGet && !strings.Contains(op.Path, "{") && !strings.HasSuffix(op.Path, "/import/status") && op.Path != remote.Path {
				if code, raw := empty.admin.do(op.Method, asked(op.Path), nil); code == http.StatusOK {
					answered(t, empty.app.API.OpenAPI(), op, raw)
				} else {
					t.Errorf("%s: %d %s", op.Path, code, clip(raw))
				}
			}
		}
	})
	dbtest.URLs(t, func(t *testing.T, url string) {
		p := prepare(t, url)
		doc, count := p.app.API.OpenAPI(), 0
		for _, op := range operations(doc) {
			if !strings.HasPrefix(op.Path, api.Base+"/") || strings.HasPrefix(op.Path, api.Base+"/auth") || op.Responses["200"] == nil {
				continue // or leads a browser elsewhere
			}
			var body any
			if op.Method != http.MethodGet {
				valid, ok := p.valid[op.Method+" "+strings.TrimPrefix(op.Path, api.Base)]
				if !ok {
					continue
				}
				body = json.RawMessage(valid)
			}
			if code, raw := p.admin.do(op.Method, asked(p.fill(op.Path)), body); code == http.StatusOK {
				answered(t, doc, op, raw)
				count++
			} else if op.Method == http.MethodGet && !(code == http.StatusNotFound && needsMail(op.Path)) {
				t.Errorf("%s %s: %d %s", op.Method, op.Path, code, clip(raw))
			}
		}
		if count < 50 {
			t.Errorf("only %d answers were looked at", count)
		}
	})
}
