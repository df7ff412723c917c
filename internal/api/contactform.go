package api

import (
	"context"
	"errors"
	"image"
	"mime/multipart"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/media"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// replaceContact registers the form that replaces what is known of a contact, by hand because it carries a file.
func (a *API) replaceContact() {
	path := Base + "/contacts/{id}"
	a.raw(http.MethodPut, path, need(role.ContactsWrite), func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
		c, err := a.readContactForm(w, r, p)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		writeData(w, c)
	})
	doc := a.OpenAPI()
	text := func(about string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: about} }
	doc.AddOperation(&huma.Operation{
		OperationID: "put-contacts-id", Method: http.MethodPut, Path: path, Tags: []string{"contacts"},
		Summary: "Replace what is known of a contact", Description: "Needs permission contacts:write. A field that is left out becomes empty.",
		Security:   []map[string][]string{{"session": {}}, {"key": {}}},
		Parameters: []*huma.Param{{Name: "id", In: "path", Required: true, Schema: text("")}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Properties: map[string]*huma.Schema{
				"email": text(""), "first_name": text(""), "last_name": text(""), "phone_number": text(""),
				"phone_number_country_code": text(""), "country": text(""),
				"avatar_url": text("The contact's avatar_url, to keep the picture; left out, it is removed"),
				"files":      {Type: huma.TypeString, Format: "binary", Description: "A new picture: GIF, JPEG or PNG, at most 2 MB"},
			}}}}},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {
			Schema: doc.Components.Schemas.Schema(reflect.TypeFor[envelope[*contact.Detail]](), true, "ContactReply")}}}},
	})
}

// readContactForm looks at the fields before it keeps the picture, and changes the contact last.
func (a *API) readContactForm(w http.ResponseWriter, r *http.Request, p *agent.Principal) (*contact.Detail, error) {
	id, err := pathID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAvatar+formMemory)
	if err := r.ParseMultipartForm(formMemory); err != nil {
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			w.Header().Set("Connection", "close")
			return nil, fault.Field("files", "error.file_too_large", "max", strconv.Itoa(maxAvatar>>20)).Because(err)
		}
		return nil, fault.New(fault.Invalid, "error.not_multipart").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	e := contact.Edit{Email: r.PostFormValue("email"), FirstName: r.PostFormValue("first_name"), LastName: r.PostFormValue("last_name"),
		PhoneNumber: orNull(r, "phone_number"), PhoneNumberCountryCode: orNull(r, "phone_number_country_code"), Country: orNull(r, "country"),
		AvatarURL: orNull(r, "avatar_url")}
	if err := e.Check(); err != nil {
		return nil, err
	}
	if _, err := a.Deps.Contacts.Get(r.Context(), id); err != nil { // before a picture is kept for nobody
		return nil, err
	}
	if header := uploadedFile(r.MultipartForm); header != nil {
		if e.Avatar, err = a.keepPicture(r.Context(), p, header); err != nil {
			return nil, err
		}
	}
	return a.Deps.Contacts.Replace(r.Context(), p, id, e)
}

// orNull reads a field of a form, in which clients write "null" for none.
func orNull(r *http.Request, field string) string {
	if v := r.PostFormValue(field); v != "null" {
		return v
	}
	return ""
}

// keepPicture keeps an uploaded picture anew, as PNG, and returns its uuid. It is collected unless it becomes somebody's.
func (a *API) keepPicture(ctx context.Context, p *agent.Principal, header *multipart.FileHeader) (string, error) {
	if header.Size > maxAvatar {
		return "", fault.Field("files", "error.file_too_large", "max", strconv.Itoa(maxAvatar>>20))
	}
	file, err := header.Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	picture, err := asPNG(file, avatarSize)
	if err != nil {
		return "", err
	}
	m, err := a.Deps.Media.Upload(ctx, p, media.UploadInput{Filename: "avatar.png", ContentType: "image/png", Size: int64(picture.Len()), Body: picture, MadeHere: true})
	return m.UUID, err
}

// avatarSize is how large the picture of a contact is kept.
var avatarSize = image.Pt(512, 512)

// exportContacts is registered by hand because its answer is a file. A client whose file ends early sees the connection
// break off rather than a file that looks whole.
func (a *API) exportContacts() {
	path := Base + "/contacts/export"
	a.raw(http.MethodGet, path, need(role.ContactsReadAll), func(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
		begun := false
		ids, err := chosenIDs(r.URL.Query().Get("ids"))
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		q := contact.Query{Filters: r.URL.Query().Get("filters"), IDs: ids, Location: a.Settings.General(r.Context()).Location()}
		err = a.Deps.Contacts.Export(r.Context(), q, w, func() {
			begun = true
			h := w.Header()
			h.Set("Content-Type", "text/csv; charset=utf-8")
			h.Set("Content-Disposition", `attachment; filename="contacts-`+time.Now().UTC().Format(time.DateOnly)+`.csv"`)
			h.Set("Cache-Control", "no-store")
		})
		switch {
		case err != nil && begun:
			a.Log.ErrorContext(r.Context(), "an export of the contacts broke off", "error", err)
			panic(http.ErrAbortHandler)
		case err != nil:
			a.writeProblem(w, r, err)
		}
	})
	a.OpenAPI().AddOperation(&huma.Operation{OperationID: "get-contacts-export", Method: http.MethodGet, Path: path, Tags: []string{"contacts"},
		Summary: "Contacts as CSV, the oldest first", Description: "Needs permission contacts:read_all. Takes the filters of the list.",
		Parameters: []*huma.Param{{Name: "filters", In: "query", Schema: &huma.Schema{Type: huma.TypeString}},
			{Name: "ids", In: "query", Description: "Only these contacts, at most 1000: ids with commas between them", Schema: &huma.Schema{Type: huma.TypeString}}},
		Security: []map[string][]string{{"session": {}}, {"key": {}}}, Responses: map[string]*huma.Response{"200": {Description: "text/csv"}}})
}

// chosenIDs reads ids with commas between them; none for an empty text.
func chosenIDs(text string) (ids []int64, err error) {
	if text == "" {
		return nil, nil
	}
	for _, part := range strings.Split(text, ",") {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil || id < 1 {
			return nil, fault.Field("ids", "error.unknown_value", "value", part)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
