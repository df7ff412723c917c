package setting

import (
	"context"
	"fmt"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// Picture is one of the pictures by which a desk is known.
type Picture string

// The pictures of a desk.
const (
	Logo    Picture = "logo"
	Favicon Picture = "favicon"
)

// DefaultPicture is the address of the picture of a desk that has none of its own; the web app's files hold it.
const DefaultPicture = "/assets/favicon.svg"

// SetPicture makes the file at an address, a path of this desk, the desk's logo or favicon, and leaves every other
// setting as it is. An empty address brings back the default. NotFound for a picture that no desk has.
func (s *Service) SetPicture(ctx context.Context, which Picture, address string) error {
	if which != Logo && which != Favicon {
		return fault.Missing("picture").Because(fmt.Errorf("a desk has no picture %q", which))
	}
	if address == "" {
		address = DefaultPicture
	}
	return s.change(ctx, func(g *General) {
		if which == Logo {
			g.LogoURL = address
		} else {
			g.FaviconURL = address
		}
	})
}
