package conversation

import (
	"strings"
	"unicode"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// checkTexts returns Invalid for a text of one line that is longer than most characters or has control characters, which
// PostgreSQL does not store (NUL) and mail headers must not have (line breaks).
func checkTexts(field string, most int, texts ...string) error {
	for _, s := range texts {
		if len(s) > most && len([]rune(s)) > most {
			return fault.TooLong(field, most)
		}
		if strings.ContainsFunc(s, unicode.IsControl) {
			return fault.Field(field, "error.control_characters")
		}
	}
	return nil
}
