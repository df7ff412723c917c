package mail

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// maxFilenameBytes is what common file systems hold.
const maxFilenameBytes = 255

// extensions of the media types that mail carries; mime.ExtensionsByType depends on the machine.
var extensions = map[string]string{
	"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "text/vcard": ".vcf",
	"text/x-vcard": ".vcf", "text/directory": ".vcf", "text/rfc822-headers": ".txt", "text/markdown": ".md",
	"text/x-amp-html": ".html", "text/xml": ".xml", "text/rtf": ".rtf",
	"message/rfc822": ".eml", "message/global": ".eml", "message/delivery-status": ".txt",
	"message/disposition-notification": ".txt", "message/feedback-report": ".txt",
	"image/jpeg": ".jpg", "image/jpg": ".jpg", "image/pjpeg": ".jpg", "image/png": ".png", "image/gif": ".gif",
	"image/webp": ".webp", "image/bmp": ".bmp", "image/tiff": ".tiff", "image/svg+xml": ".svg", "image/heic": ".heic",
	"application/pdf": ".pdf", "application/zip": ".zip", "application/json": ".json", "application/xml": ".xml",
	"application/rtf": ".rtf", "application/msword": ".doc", "application/vnd.ms-excel": ".xls",
	"application/vnd.ms-powerpoint": ".ppt", "application/ms-tnef": ".dat", "application/vnd.ms-tnef": ".dat",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/pgp-signature": ".asc", "application/pgp-keys": ".asc", "application/pgp-encrypted": ".asc",
	"application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s",
	"application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m", "application/ics": ".ics",
	"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/ogg": ".ogg", "video/mp4": ".mp4", "video/quicktime": ".mov",
}

// safeFilename keeps the sender's name in any script but not its path nor characters that deceive or break. Without
// a name it makes one of the stem and the media type.
func safeFilename(name, stem, mediaType string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unsafeRune(r) && r != utf8.RuneError && r != '\u200d': // the joiner is part of emoji and of scripts
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.TrimRight(strings.Join(strings.Fields(name), " "), ". ")
	if strings.Trim(name, ".") == "" {
		return stem + extension(mediaType)
	}
	return shortenFilename(name)
}

// shortenFilename keeps the extension, which tells the reader what the file is.
func shortenFilename(name string) string {
	if len(name) <= maxFilenameBytes {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 16 {
		ext = name[i:]
	}
	return strings.ToValidUTF8(name[:maxFilenameBytes-len(ext)], "") + ext
}

func extension(mediaType string) string {
	if ext, ok := extensions[mediaType]; ok {
		return ext
	}
	if list, err := mime.ExtensionsByType(mediaType); err == nil && len(list) > 0 {
		return list[0]
	}
	return ".bin"
}
