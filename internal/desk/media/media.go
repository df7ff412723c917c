// Package media owns stored files: what is known of each (table media) and its bytes in the blob store, under the
// file's uuid, with a thumbnail beside it under "thumb_" and the uuid.
//
// A file is uploaded on its own and becomes an attachment when a message links it; files that came with a mail are
// added with their message. Whoever may read the message may read its files: package api asks that, and this package
// signs addresses for those who were shown the message. What nobody links is collected after a week.
//
// File names, declared types and contents come from strangers. Names keep their letters but lose what could act
// (paths, control and direction characters); a type that a browser would show is only believed when the bytes agree;
// images are measured before they are decoded.
package media

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// ModelMessages is the model_type of files that are, or are to be, attachments of messages.
const ModelMessages = "messages"

// modelDeleted marks a file that is being collected and can no longer be linked or read.
const modelDeleted = "deleted"

// The dispositions of a file: shown inside the text of a message, or below it.
const (
	Inline     = "inline"
	Attached   = "attachment"
	maxName    = 255 // bytes; what file systems take
	megabyte   = 1 << 20
	defaultMax = 20 * megabyte
)

// Media is a stored file.
type Media struct {
	ID          int64   `json:"id"`
	CreatedAt   db.Time `json:"created_at"`
	UpdatedAt   db.Time `json:"updated_at"`
	UUID        string  `json:"uuid"`
	Store       string  `json:"store"`
	Filename    string  `json:"filename"`
	ContentType string  `json:"content_type"`
	ContentID   string  `json:"content_id"`
	ModelID     *int64  `json:"model_id"`
	ModelType   *string `json:"model_type"`
	Disposition *string `json:"disposition"`
	Size        int64   `json:"size"`
	Meta        db.JSON `json:"meta"` // {"width","height"} for images with a thumbnail, else {}
	URL         string  `json:"url" db:"-"`
}

// Limits are the desk's rules for uploads.
type Limits struct {
	MaxBytes   int64    // of one file; 20 MB if not positive
	Extensions []string // without the dot; "*" allows all
}

// Service is the stored files of a desk.
type Service struct {
	db      *db.DB
	blobs   blob.Store
	box     *crypt.Box
	limits  func(context.Context) (Limits, error)
	rootURL func() string
	now     func() time.Time
	decode  sync.Mutex // one image is decoded at a time, which bounds the memory that takes
}

// New makes the service. limits returns the rules for uploads as they are now, rootURL the address of the desk.
func New(d *db.DB, blobs blob.Store, box *crypt.Box, limits func(context.Context) (Limits, error), rootURL func() string) *Service {
	return &Service{db: d, blobs: blobs, box: box, limits: limits, rootURL: rootURL, now: time.Now}
}

// check returns TooLarge or Invalid for a file that the rules do not allow, as far as its name and declared size tell.
func (l Limits) check(name string, size int64) error {
	if size > l.max() {
		return l.tooLarge()
	}
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	if !slices.ContainsFunc(l.Extensions, func(allowed string) bool {
		allowed = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(allowed), "."))
		return allowed == "*" || (allowed == ext && ext != "")
	}) {
		return fault.Field("files", "error.file_extension", "value", ext)
	}
	return nil
}

func (l Limits) max() int64 {
	if l.MaxBytes <= 0 {
		return defaultMax
	}
	return l.MaxBytes
}

func (l Limits) tooLarge() error {
	e := fault.New(fault.TooLarge, "error.file_too_large", "max", strconv.FormatInt(max(1, l.max()/megabyte), 10))
	e.Field = "files"
	return e
}

// cleanName returns the name under which a file is shown and saved: its last path segment, in any script, without
// control characters and without characters that turn the direction of writing ("gpj.exe" shown as "exe.jpg").
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), strings.ContainsRune(`"<>|:*?`, r):
			return -1
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if name == "" {
		return "file"
	}
	return strings.TrimRight(shorten(name), ". ") // a cut may have laid bare another dot
}

// shorten cuts a name in the middle of nothing: whole characters, and the extension stays.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	stem := name[:maxName-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}
