package api

import (
	"context"
	"errors"
	"image"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The largest the pictures of a desk are kept and sent, in pixels; larger ones are made smaller.
var (
	logoSize    = image.Pt(960, 320)
	faviconSize = image.Pt(256, 256)
)

// brandingPath is below which the pictures of the desk are, for everybody.
const brandingPath = "/branding/"

// brandingPicture is the answer to an upload.
type brandingPicture struct {
	URL string `json:"url" doc:"Path of the picture, as the settings name it now"`
}

// Branding registers the upload of the desk's logo and favicon and their serving.
func Branding(a *API) {
	for _, which := range []setting.Picture{setting.Logo, setting.Favicon} {
		path := "/settings/general/" + string(which)
		a.raw(http.MethodPost, Base+path, need(role.GeneralSettingsManage), func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
			out, err := a.setBranding(r.Context(), w, r, p, which)
			if err != nil {
				a.writeProblem(w, r, err)
				return
			}
			writeData(w, out)
		})
		route(a, http.MethodDelete, path, "Go back to the default "+string(which), need(role.GeneralSettingsManage),
			func(ctx context.Context, _ *agent.Principal, _ *struct{}) (done, error) {
				err := a.Settings.SetPicture(ctx, which, "")
				return err == nil, err
			})
		describeBranding(a.OpenAPI(), path, which)
	}
	a.raw(http.MethodGet, brandingPath+"{name}", public, a.serveBranding)
}

// setBranding takes the file "files" of a multipart form, keeps it anew as PNG, and makes it the desk's.
func (a *API) setBranding(ctx context.Context, w http.ResponseWriter, r *http.Request, p *agent.Principal, which setting.Picture) (out brandingPicture, err error) {
	// The form's other parts and the lines around them come on top of the file.
	r.Body = http.MaxBytesReader(w, r.Body, maxAvatar+formMemory)
	if err := r.ParseMultipartForm(formMemory); err != nil {
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			w.Header().Set("Connection", "close")
			return out, fault.Field("files", "error.file_too_large", "max", "2").Because(err)
		}
		return out, fault.New(fault.Invalid, "error.not_multipart").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	header := uploadedFile(r.MultipartForm)
	if header == nil {
		return out, fault.Field("files", "error.file_missing")
	}
	if header.Size > maxAvatar {
		return out, fault.Field("files", "error.file_too_large", "max", "2")
	}
	file, err := header.Open()
	if err != nil {
		return out, err
	}
	defer func() { _ = file.Close() }()
	fit := logoSize
	if which == setting.Favicon {
		fit = faviconSize
	}
	picture, err := asPNG(file, fit)
	if err != nil {
		return out, err
	}
	m, err := a.Deps.Media.Publish(ctx, p, string(which)+".png", picture.Bytes())
	if err != nil {
		return out, err
	}
	out.URL = brandingPath + m.UUID + ".png"
	return out, a.Settings.SetPicture(ctx, which, out.URL)
}

// serveBranding sends a picture of the desk to anybody. What is behind a name never changes.
func (a *API) serveBranding(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	id := strings.TrimSuffix(r.PathValue("name"), ".png")
	m, err := a.Deps.Media.Published(r.Context(), id)
	if err == nil {
		err = a.sendMedia(w, r, m, false)
	}
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		a.writeProblem(w, r, err)
	}
}

func describeBranding(doc *huma.OpenAPI, path string, which setting.Picture) {
	doc.AddOperation(&huma.Operation{
		OperationID: operationID(http.MethodPost, path), Method: http.MethodPost, Path: Base + path, Tags: []string{tagOf(path)},
		Security: []map[string][]string{{"session": {}}, {"key": {}}}, Summary: "Upload the desk's " + string(which),
		Description: "Needs permission general_settings:manage. A GIF, JPEG or PNG picture of at most 2 MB and 16 megapixels; it is kept as PNG, no larger than needed, and served to anybody.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: "object", Properties: map[string]*huma.Schema{"files": {Type: "string", Format: "binary", Description: "The picture"}}}}}},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {
			Schema: doc.Components.Schemas.Schema(reflect.TypeFor[envelope[brandingPicture]](), true, "BrandingReply")}}}},
	})
}
