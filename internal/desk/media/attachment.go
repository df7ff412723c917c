package media

import "github.com/foyerdesk/foyer/internal/platform/db"

// Attachment is a stored file as it is shown inside a message. Content is always null over HTTP; the bytes are
// behind URL, which is signed and expires.
type Attachment struct {
	Name         string  `json:"name"`
	Size         int64   `json:"size"`
	Content      *string `json:"content"`
	ContentID    string  `json:"content_id"`
	ContentType  string  `json:"content_type"`
	Disposition  string  `json:"disposition"`
	UUID         string  `json:"uuid"`
	URL          string  `json:"url"`
	ThumbnailURL string  `json:"thumbnail_url"`
}

// Incoming is a file that arrived with a message and whose bytes are in the blob store, under Blob, already.
type Incoming struct {
	Blob        string // name in the blob store
	UUID        string // the file's own id; Blob is usually the same
	Filename    string
	ContentType string
	ContentID   string
	Disposition string // "inline" or "attachment"
	Size        int64
	Meta        db.JSON // {"width","height"} for images with a thumbnail, else empty
}

// InlineContentID returns the Content-ID that an image uploaded here carries inside messages.
func InlineContentID(uuid string) string { return "ldsk-" + uuid }
