package htmlx

import (
	"regexp"
	"strings"
)

var (
	schemeRE = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):`)
	dataRE   = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$`)
)

// maxURL is more than any browser follows.
const maxURL = 8 << 10

// linkURL admits an address for href.
func linkURL(s string) (string, bool) {
	s = tidyURL(s)
	switch scheme(s) {
	case "http", "https", "mailto", "tel":
		return s, len(s) <= maxURL
	}
	return "", false
}

// imageURL admits an address for the src of an image.
func imageURL(s string) (string, bool) {
	if len(s) > 5 && strings.EqualFold(strings.TrimSpace(s[:5]), "data:") {
		s = "data:" + strings.Map(dropBlank, s[5:])
		if i := strings.IndexByte(s, ','); i > 0 && i < 64 {
			s = strings.Replace(strings.ToLower(s[:i]), "image/jpg", "image/jpeg", 1) + s[i:]
		}
		return s, len(s) <= MaxDataURI && dataRE.MatchString(s)
	}
	s = tidyURL(s)
	switch scheme(s) {
	case "http", "https", "cid":
		return s, len(s) <= maxURL
	}
	return "", false
}

// tidyURL removes what browsers ignore in an address (URL Standard, section 4.4), so that a scheme cannot hide, and
// gives addresses that begin with "//" or "www." the scheme they were meant to have.
func tidyURL(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, s)
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "%20")
	switch {
	case strings.HasPrefix(s, "//"):
		return "https:" + s
	case len(s) > 4 && strings.EqualFold(s[:4], "www."):
		return "https://" + s
	}
	return s
}

func scheme(s string) string {
	if m := schemeRE.FindStringSubmatch(s); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

func dropBlank(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}
