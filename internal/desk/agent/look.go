package agent

import (
	"fmt"
	"slices"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Look is how the desk looks to an agent.
type Look struct {
	Theme string `json:"theme" enum:"system,light,dark"`
	// Contrast is high, or as the agent's system wants it.
	Contrast string `json:"contrast" enum:"system,high"`
	TextSize int    `json:"text_size" doc:"In percent of the usual size, 90 to 150"`
}

const (
	smallestText = 90
	largestText  = 150
)

// validate returns Invalid, naming the field.
func (l Look) validate() error {
	switch {
	case !slices.Contains([]string{"system", "light", "dark"}, l.Theme):
		return fault.Field("look.theme", "error.unknown_value", "value", l.Theme)
	case !slices.Contains([]string{"system", "high"}, l.Contrast):
		return fault.Field("look.contrast", "error.unknown_value", "value", l.Contrast)
	case l.TextSize < smallestText || l.TextSize > largestText:
		return fault.Field("look.text_size", "error.number_range", "min", fmt.Sprint(smallestText), "max", fmt.Sprint(largestText))
	}
	return nil
}
