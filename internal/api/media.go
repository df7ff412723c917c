package api

import (
	"context"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// formMemory is how much of an upload is held in memory; the rest waits in a temporary file.
const formMemory = 1 << 20

// Media registers the upload of files and their serving.
func Media(a *API) {
	a.raw(http.MethodPost, Base+"/media", anyone, a.uploadMedia)
	a.raw(http.MethodGet, "/uploads/{name}", public, a.serveMedia)
	describeMedia(a.OpenAPI())
}

func (a *API) uploadMedia(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
	m, err := a.readUpload(w, r, p)
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	writeData(w, m)
}

// readUpload reads a form whose fields may come in any order, which is why the file is not stored as it arrives.
func (a *API) readUpload(w http.ResponseWriter, r *http.Request, p *agent.Principal) (m media.Media, err error) {
	if err := r.ParseMultipartForm(formMemory); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			w.Header().Set("Connection", "close")
			return m, fault.New(fault.TooLarge, "error.file_too_large", "max", strconv.FormatInt(large.Limit>>20, 10)).Because(err)
		}
		return m, fault.New(fault.Invalid, "error.not_multipart").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	header := uploadedFile(r.MultipartForm)
	if header == nil {
		return m, fault.Field("files", "error.file_missing")
	}
	file, err := header.Open()
	if err != nil {
		return m, err
	}
	defer func() { _ = file.Close() }()
	return a.Deps.Media.Upload(r.Context(), p, media.UploadInput{Filename: header.Filename, ContentType: header.Header.Get("Content-Type"),
		Size: header.Size, Body: file, Inline: r.FormValue("inline") == "true", LinkedModel: r.FormValue("linked_model")})
}

func uploadedFile(form *multipart.Form) *multipart.FileHeader {
	for _, field := range []string{"files", "file"} {
		if files := form.File[field]; len(files) > 0 {
			return files[0]
		}
	}
	return nil
}

// serveMedia sends a file, or its thumbnail below "thumb_", to who may read it.
func (a *API) serveMedia(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
	id, thumb := strings.CutPrefix(r.PathValue("name"), "thumb_")
	m, err := a.readableMedia(w, r, p, id)
	if err == nil {
		err = a.sendMedia(w, r, m, thumb)
	}
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		a.writeProblem(w, r, err)
	}
}

// readableMedia returns a file if the request may read it: a signed-in agent by what it belongs to, whatever signature
// there is; anybody else by a signature. Credentials that were sent and are wrong are refused, but a browser's old
// cookie is not held against a good signature.
func (a *API) readableMedia(w http.ResponseWriter, r *http.Request, p *agent.Principal, id string) (m media.Media, err error) {
	c := callerOf(r.Context())
	if p == nil && r.Header.Get("Authorization") != "" {
		return m, a.allow(w, r.Method, r, anyone)
	}
	if p == nil {
		q := r.URL.Query()
		err := a.Deps.Media.Verify(strings.ToLower(id), q.Get("sig"), q.Get("exp"))
		if fault.Is(err, fault.Unauthorized) {
			if fault.Is(c.err, fault.Forbidden) { // of a disabled agent
				return m, c.err
			}
			return m, a.unauthorised(r.Context())
		}
		if err != nil {
			return m, err
		}
		return a.Deps.Media.Find(r.Context(), id)
	}
	if m, err = a.Deps.Media.Find(r.Context(), id); err != nil {
		return m, err
	}
	err = a.mayRead(r.Context(), p, m)
	if fault.Is(err, fault.Forbidden) { // clients know this one as 401
		err = fault.New(fault.Unauthorized, "error.forbidden").Because(err)
	}
	return m, err
}

// mayRead asks whether an agent may read a file: attachments as the conversation they are in, everything else by all.
func (a *API) mayRead(ctx context.Context, p *agent.Principal, m media.Media) error {
	switch {
	case m.ModelType == nil || *m.ModelType != media.ModelMessages:
		return nil
	case !p.Can(role.MessagesRead):
		return fault.Denied()
	case m.ModelID == nil:
		return nil
	}
	return a.Conversations.CheckMessageAccess(ctx, p, *m.ModelID)
}

// The policies under which files are served. A file that is opened as a page of its own can run nothing and fetch
// nothing. Browsers show no PDF in a sandbox of ours; their viewer is one itself, and may be framed by the web app.
const (
	filePolicy = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
	pdfPolicy  = "default-src 'none'; object-src 'self'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
)

func (a *API) sendMedia(w http.ResponseWriter, r *http.Request, m media.Media, thumb bool) error {
	file, err := a.Deps.Media.Open(r.Context(), m, thumb)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	inline := file.Inline && r.URL.Query().Get("download") != "1"
	h := w.Header()
	h.Set("Content-Type", file.ContentType)
	h.Set("Content-Disposition", disposition(inline, file.Name))
	h.Set("Content-Security-Policy", filePolicy)
	if inline && file.ContentType == "application/pdf" {
		h.Set("Content-Security-Policy", pdfPolicy)
		h.Set("X-Frame-Options", "SAMEORIGIN")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the address may be signed
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if m.Public() {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "private, max-age=3600")
		h.Set("Vary", "Cookie, Authorization")
	}
	h.Set("ETag", `"`+r.PathValue("name")+`"`) // what is stored under a name never changes
	http.ServeContent(w, r, "", m.CreatedAt.Time, file)
	return nil
}

// disposition writes a Content-Disposition with a name in any script (RFC 6266 section 5, RFC 8187), and one in ASCII
// before it for clients that know only that.
func disposition(inline bool, name string) string {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, name)
	plain := mime.FormatMediaType(kind, map[string]string{"filename": ascii})
	if ascii == name {
		return plain
	}
	return plain + "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// describeMedia documents the two routes, which read and write more than JSON.
func describeMedia(doc *huma.OpenAPI) {
	signedIn := []map[string][]string{{"session": {}}, {"key": {}}}
	text := func(about string) *huma.Schema { return &huma.Schema{Type: "string", Description: about} }
	doc.AddOperation(&huma.Operation{
		OperationID: "post-media", Method: http.MethodPost, Path: Base + "/media", Tags: []string{"media"}, Security: signedIn,
		Summary: "Upload a file", Description: "The file can then be attached to a message by its id.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: "object", Properties: map[string]*huma.Schema{
				"files":        {Type: "string", Format: "binary", Description: "The file; the field may be called file, too"},
				"inline":       text("true for an image inside the text of a message"),
				"linked_model": text("messages"),
			}}}}},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {
			Schema: doc.Components.Schemas.Schema(reflect.TypeFor[envelope[media.Media]](), true, "MediaReply")}}}},
	})
	doc.AddOperation(&huma.Operation{
		OperationID: "get-uploads-name", Method: http.MethodGet, Path: "/uploads/{name}", Tags: []string{"media"},
		Security: append(signedIn, map[string][]string{}), Summary: "A file, or its thumbnail",
		Description: "For signed-in agents who may read what the file belongs to, or with the signature of the address an attachment has.",
		Parameters: []*huma.Param{
			{Name: "name", In: "path", Required: true, Schema: text("The file's uuid, or thumb_ and the uuid")},
			{Name: "sig", In: "query", Schema: text("Signature")},
			{Name: "exp", In: "query", Schema: text("When the signature ends, in seconds since 1970")},
			{Name: "download", In: "query", Schema: text("1 to have the file saved rather than shown")},
		},
		Responses: map[string]*huma.Response{"200": {Description: "The bytes", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}},
	})
}
