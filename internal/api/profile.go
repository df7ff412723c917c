package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// profile is what an agent changes of themselves. What is not there stays as it is.
type profile struct {
	agent.Preferences
	picture *bytes.Buffer
}

// profileBody is the JSON form of a profile.
type profileBody struct {
	Language choice `json:"language"`
	Timezone choice `json:"timezone"`
}

// choice is a JSON text that may be left out; null is "".
type choice struct{ value *string }

// UnmarshalJSON implements json.Unmarshaler.
func (c *choice) UnmarshalJSON(raw []byte) error {
	c.value = new(string)
	return json.Unmarshal(raw, c.value)
}

// profileRoute is registered by hand because its body may be a form with a file.
func (a *API) profileRoute() {
	a.raw(http.MethodPut, Base+"/agents/me", anyone, a.setProfile)
	text := &huma.Schema{Type: huma.TypeString, Nullable: true}
	fields := func(more map[string]*huma.Schema) *huma.MediaType {
		more["language"], more["timezone"] = text, text
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject, Properties: more}}
	}
	op := huma.Operation{OperationID: "put-agents-me", Method: http.MethodPut, Path: Base + "/agents/me", Summary: "Change one's picture, language or time zone",
		Description: "A form may bring the picture as files. An empty or null language or time zone is the desk's; what is left out stays as it is.",
		Tags:        []string{"agents"}, Responses: map[string]*huma.Response{"200": {Description: "The agent"}},
		RequestBody: &huma.RequestBody{Content: map[string]*huma.MediaType{
			"application/json":    fields(map[string]*huma.Schema{}),
			"multipart/form-data": fields(map[string]*huma.Schema{"files": {Type: huma.TypeString, Format: "binary"}}),
		}}}
	a.huma.OpenAPI().AddOperation(&op)
}

// setProfile changes the caller's picture, language and time zone: all that is given, or nothing.
func (a *API) setProfile(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
	me, err := a.changeProfile(r, p)
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	writeData(w, me)
}

func (a *API) changeProfile(r *http.Request, p *agent.Principal) (*agent.Agent, error) {
	ctx := r.Context()
	given, err := readProfile(r)
	if err != nil {
		return nil, err
	}
	if err := given.Validate(); err != nil {
		return nil, err
	}
	if given.picture != nil {
		if err := a.replaceAvatar(ctx, p, p.ID, given.picture); err != nil {
			return nil, err
		}
	}
	if given.Language != nil || given.Timezone != nil {
		if err := a.Agents.SetPreferences(ctx, p.ID, given.Preferences); err != nil {
			return nil, err
		}
	}
	return a.Agents.Get(ctx, p.ID)
}

// readProfile reads a multipart form, which may bring the picture as "files", or JSON.
func readProfile(r *http.Request) (out profile, err error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return readProfileForm(r)
	}
	var body profileBody
	if err := readBody(r, &body); err != nil {
		return out, err
	}
	out.Language, out.Timezone = body.Language.value, body.Timezone.value
	if out.Language == nil && out.Timezone == nil {
		return out, fault.Required("files")
	}
	return out, nil
}

func readProfileForm(r *http.Request) (out profile, err error) {
	file, header, err := r.FormFile("files")
	for name, field := range map[string]**string{"language": &out.Language, "timezone": &out.Timezone} {
		if values := r.PostForm[name]; len(values) > 0 {
			*field = &values[0]
		}
	}
	switch {
	case err == nil:
		defer func() { _ = file.Close() }()
		out.picture, err = readAvatar(file, header)
		return out, err
	case errors.Is(err, http.ErrMissingFile) && (out.Language != nil || out.Timezone != nil):
		return out, nil
	}
	return out, fault.Required("files").Because(err)
}
