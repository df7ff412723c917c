package media

import (
	"mime"
	"net/http"
	"strings"
)

// sniffed is how many of a file's first bytes tell its type.
const sniffed = 512

const unknownType = "application/octet-stream"

// contentType returns the type a file is stored and served with, from the one that was declared and the first bytes.
// What a browser would show is only believed when the bytes are that: a declared image that is HTML is HTML.
func contentType(declared string, head []byte) string {
	seen := bare(http.DetectContentType(head)) // WHATWG MIME Sniffing; never empty
	declared = bare(declared)
	switch declared {
	case "", unknownType, "application/data", "application/binary":
		return seen
	}
	switch {
	case shownInline(seen), seen == "text/html":
		return seen
	case shownInline(declared) && seen != unknownType:
		return seen
	}
	return declared
}

// bare returns a media type without parameters, in lower case; "" if it is none (RFC 2045 section 5.1).
func bare(s string) string {
	t, _, err := mime.ParseMediaType(s)
	if err != nil || !strings.Contains(t, "/") || len(t) > 127 {
		return ""
	}
	return t
}

// shownInline reports whether a browser may show a type inside a page of ours: images, except SVG, which is a
// program; videos; PDF.
func shownInline(t string) bool {
	switch {
	case strings.HasPrefix(t, "image/svg"):
		return false
	case strings.HasPrefix(t, "image/"), strings.HasPrefix(t, "video/"), t == "application/pdf":
		return true
	}
	return false
}

// hasThumbnail reports whether thumbnails can be made of a type: those whose size is known before they are decoded.
func hasThumbnail(t string) bool {
	return t == "image/png" || t == "image/jpeg" || t == "image/gif"
}

// Kind is what a file of a type is to people: "image", "video", "audio" or "file".
func Kind(contentType string) string {
	switch kind, _, _ := strings.Cut(strings.ToLower(contentType), "/"); kind {
	case "image", "video", "audio":
		return kind
	}
	return "file"
}

// KindOf is the kind of the first file beside a message, "image" if there are only images in it and "" if there is nothing.
func KindOf(files []Incoming) string {
	kind := ""
	for _, f := range files {
		if f.Disposition != Inline {
			return Kind(f.ContentType)
		}
		kind = "image"
	}
	return kind
}
