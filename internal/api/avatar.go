package api

import (
	"bytes"
	"context"
	"image"
	_ "image/gif"  // may be sent
	_ "image/jpeg" // may be sent
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/image/draw"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// The largest picture of an agent that is taken, in bytes and in pixels.
const (
	maxAvatar       = 2 << 20
	maxAvatarPixels = 16_000_000
)

// avatarRoutes are for the pictures of other agents.
func (a *API) avatarRoutes() {
	const path = "/agents/{id}/avatar"
	a.raw(http.MethodPut, Base+path, need(role.UsersManage), func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
		changed, err := a.setAvatar(r, p)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		writeData(w, changed)
	})
	route(a, http.MethodDelete, path, "Remove an agent's picture", need(role.UsersManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) { return true, a.Agents.SetAvatar(ctx, p, id, nil) })
		})
	form := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"files": {Type: "string", Format: "binary", Description: "PNG, JPEG or GIF"}}}
	a.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "put-agents-id-avatar", Method: http.MethodPut, Path: Base + path, Tags: []string{"agents"}, Security: []map[string][]string{{"session": {}}, {"key": {}}},
		Summary: "Give an agent a picture", Description: "Needs permission users:manage.",
		Parameters:  []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"application/json": {Schema: a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[envelope[*agent.Agent]](), true, "AgentReply")}}}},
	})
}

// setAvatar takes the file "files" of a multipart form as the picture of the agent in the path.
func (a *API) setAvatar(r *http.Request, p *agent.Principal) (*agent.Agent, error) {
	id, err := pathID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if _, err := a.Agents.Get(r.Context(), id); err != nil {
		return nil, err
	}
	file, header, err := r.FormFile("files")
	if err != nil {
		return nil, fault.Required("files").Because(err)
	}
	defer func() { _ = file.Close() }()
	picture, err := readAvatar(file, header)
	if err != nil {
		return nil, err
	}
	if err := a.replaceAvatar(r.Context(), p, id, picture); err != nil {
		return nil, err
	}
	return a.Agents.Get(r.Context(), id)
}

// readAvatar reads an agent's picture anew, as PNG: whatever else the file was is left behind.
func readAvatar(file multipart.File, header *multipart.FileHeader) (*bytes.Buffer, error) {
	if header.Size > maxAvatar {
		return nil, fault.Field("files", "error.file_too_large", "max", "2")
	}
	return asPNG(file, image.Point{})
}

// replaceAvatar keeps an agent's picture. The one before it is collected with the files that nothing refers to.
func (a *API) replaceAvatar(ctx context.Context, p *agent.Principal, id int64, picture *bytes.Buffer) error {
	m, err := a.Media.Upload(ctx, p, media.UploadInput{Filename: "avatar.png", ContentType: "image/png", Size: int64(picture.Len()), Body: picture, MadeHere: true})
	if err != nil {
		return err
	}
	address := "/uploads/" + m.UUID
	return a.Agents.SetAvatar(ctx, p, id, &address)
}

// asPNG reads a GIF, JPEG or PNG picture, whose size in pixels is looked at before it is unpacked, and writes it anew. A
// fit that is not zero is how large it may become; proportions stay.
func asPNG(file io.ReadSeeker, fit image.Point) (*bytes.Buffer, error) {
	size, _, err := image.DecodeConfig(file)
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, fault.Field("files", "error.not_an_image").Because(err)
	}
	if size.Width > maxAvatarPixels/size.Height {
		return nil, fault.Field("files", "error.image_too_large", "max", "16")
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(file)
	if err != nil {
		return nil, fault.Field("files", "error.not_an_image").Because(err)
	}
	if to := within(picture.Bounds().Size(), fit); to != picture.Bounds().Size() {
		smaller := image.NewNRGBA(image.Rectangle{Max: to})
		draw.CatmullRom.Scale(smaller, smaller.Bounds(), picture, picture.Bounds(), draw.Src, nil)
		picture = smaller
	}
	var out bytes.Buffer
	return &out, png.Encode(&out, picture)
}

// within makes a size smaller until it fits; a fit of zero is no bound.
func within(size, fit image.Point) image.Point {
	if fit == (image.Point{}) {
		return size
	}
	if size.X > fit.X {
		size = image.Pt(fit.X, max(1, size.Y*fit.X/size.X))
	}
	if size.Y > fit.Y {
		size = image.Pt(max(1, size.X*fit.Y/size.Y), fit.Y)
	}
	return size
}
