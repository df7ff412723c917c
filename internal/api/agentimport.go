package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/roster"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// importLine is a row of a file of agents and what became of it.
type importLine struct {
	roster.Line
	Message string `json:"message,omitempty" doc:"Why the row was refused"`
}

type importReport struct {
	Total  int          `json:"total"`
	Errors int          `json:"errors"`
	Lines  []importLine `json:"lines"`
}

type importState struct {
	Running   bool         `json:"running"`
	Logs      []string     `json:"logs"`
	Total     int          `json:"total"`
	Success   int          `json:"success"`
	Errors    int          `json:"errors"`
	StartedAt db.Time      `json:"started_at"`
	EndedAt   time.Time    `json:"ended_at" doc:"The year 1 while it runs"`
	Lines     []importLine `json:"lines,omitempty" doc:"Every row that is done"`
}

// AgentImport registers the import of agents from a file.
func AgentImport(a *API) {
	a.raw(http.MethodPost, Base+"/agents/import", need(role.UsersManage), func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
		content, err := formFile(w, r, roster.MaxBytes)
		if err == nil {
			err = a.Roster.Begin(r.Context(), p, content, r.FormValue("send_welcome_email") == "true")
		}
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		writeData(w, true)
	})
	a.raw(http.MethodPost, Base+"/agents/import/check", need(role.UsersManage), func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
		content, err := formFile(w, r, roster.MaxBytes)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		report, err := a.Roster.Check(r.Context(), p, content)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		writeData(w, importReport{report.Total, report.Errors, a.importLines(r.Context(), report.Lines)})
	})
	route(a, http.MethodGet, "/agents/import/status", "How far the last import of agents is", need(role.UsersManage),
		func(ctx context.Context, _ *agent.Principal, in *struct {
			Brief bool `query:"brief" doc:"Only the counts: neither logs nor lines"`
		}) (*importState, error) {
			if in.Brief {
				st, err := a.Roster.Progress(ctx)
				if err != nil {
					return nil, err
				}
				return countsOf(st), nil
			}
			st, err := a.Roster.State(ctx)
			if err != nil {
				return nil, err
			}
			return a.importState(ctx, st), nil
		})
	describeImport(a.OpenAPI())
}

// formFile returns the content of the field "file" of a form. A file of more than most bytes is TooLarge.
func formFile(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	const around = 64 << 10 // of the form
	r.Body = http.MaxBytesReader(w, r.Body, most+around)
	tooLarge := fault.New(fault.TooLarge, "error.file_too_large", "max", strconv.FormatInt(most>>20, 10))
	if err := r.ParseMultipartForm(most + around); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			w.Header().Set("Connection", "close")
			return nil, tooLarge.Because(err)
		}
		return nil, fault.New(fault.Invalid, "error.not_multipart").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	file, header, err := r.FormFile("file")
	if err != nil {
		return nil, fault.Required("file").Because(err)
	}
	defer func() { _ = file.Close() }()
	if header.Size > most {
		return nil, tooLarge
	}
	return io.ReadAll(file)
}

func (a *API) importLines(ctx context.Context, lines []roster.Line) []importLine {
	out := make([]importLine, 0, len(lines))
	for _, l := range lines {
		if l.Outcome == roster.Waiting {
			continue
		}
		made := importLine{Line: l}
		if key, params := l.Reason(); key != "" {
			made.Message = a.say(ctx, key, params)
		}
		out = append(out, made)
	}
	return out
}

func countsOf(st *roster.State) *importState {
	return &importState{Running: st.Running, Logs: []string{}, Total: st.Total, Success: st.Success, Errors: st.Errors, StartedAt: st.StartedAt, EndedAt: st.EndedAt.Time}
}

// importState tells an import as clients know it: a line of the log for the beginning, for each row that is done, and for
// the end. A file that was refused as a whole has the reason only.
func (a *API) importState(ctx context.Context, st *roster.State) *importState {
	out := countsOf(st)
	out.Lines = a.importLines(ctx, st.Lines)
	if st.Failure != "" {
		out.Logs = []string{a.say(ctx, st.Failure, st.FailureParams)}
		return out
	}
	say := func(key string, params map[string]string) {
		out.Logs = append(out.Logs, a.say(ctx, "import.log."+key, params))
	}
	say("begin", map[string]string{"count": strconv.Itoa(st.Total)})
	for _, l := range out.Lines {
		if l.Outcome == roster.Created {
			say("created", map[string]string{"row": strconv.Itoa(l.Row), "email": l.Email})
		} else {
			say("refused", map[string]string{"row": strconv.Itoa(l.Row), "reason": l.Message})
		}
	}
	if !st.Running {
		say("end", map[string]string{"success": strconv.Itoa(st.Success), "errors": strconv.Itoa(st.Errors)})
	}
	return out
}

func describeImport(doc *huma.OpenAPI) {
	form := func(extra map[string]*huma.Schema) *huma.RequestBody {
		properties := map[string]*huma.Schema{"file": {Type: "string", Format: "binary", Description: "CSV in UTF-8 with the columns first_name, last_name, email, roles and, if wanted, teams"}}
		for name, s := range extra {
			properties[name] = s
		}
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{Type: "object", Properties: properties}}}}
	}
	answer := func(t reflect.Type, hint string) map[string]*huma.Response {
		return map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: doc.Components.Schemas.Schema(t, true, hint)}}}}
	}
	signedIn := []map[string][]string{{"session": {}}, {"key": {}}}
	doc.AddOperation(&huma.Operation{
		OperationID: "post-agents-import", Method: http.MethodPost, Path: Base + "/agents/import", Tags: []string{"agents"}, Security: signedIn,
		Summary: "Import agents from a file", Description: "Needs permission users:manage. The import goes on after the answer.",
		RequestBody: form(map[string]*huma.Schema{"send_welcome_email": {Type: "string", Description: "true to invite every new agent by mail"}}),
		Responses:   answer(reflect.TypeFor[envelope[done]](), "DoneReply"),
	})
	doc.AddOperation(&huma.Operation{
		OperationID: "post-agents-import-check", Method: http.MethodPost, Path: Base + "/agents/import/check", Tags: []string{"agents"}, Security: signedIn,
		Summary: "What an import of a file would do", Description: "Needs permission users:manage. Nothing is changed.",
		RequestBody: form(nil), Responses: answer(reflect.TypeFor[envelope[importReport]](), "ImportReportReply"),
	})
}
