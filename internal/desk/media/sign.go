package media

import (
	"strconv"
	"time"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	// signedFor is how long a signed address works at least.
	signedFor = time.Hour
	// signedStep rounds the end up, so that a browser meets the same address again and has the file in its cache.
	signedStep = 10 * time.Minute
	purpose    = "media"
)

// SignedURL returns the address under which a file can be read without signing in, for an hour at least.
func (s *Service) SignedURL(uuid string) string { return s.signed(uuid, uuid) }

// signed returns the signed address of an object: the file, or its thumbnail, which goes by the file's signature.
func (s *Service) signed(uuid, object string) string {
	until := strconv.FormatInt(s.now().Add(signedFor+signedStep).Truncate(signedStep).Unix(), 10)
	return s.rootURL() + "/uploads/" + object + "?sig=" + s.box.Sign(purpose, uuid+":"+until) + "&exp=" + until
}

// Verify checks the signature of an address: Unauthorized if there is none, Invalid if exp is no number, Forbidden if
// the signature is wrong or over.
func (s *Service) Verify(uuid, sig, exp string) error {
	if sig == "" || exp == "" {
		return fault.New(fault.Unauthorized, "error.not_signed_in")
	}
	until, err := strconv.ParseInt(exp, 10, 64)
	if err != nil {
		return fault.Field("exp", "error.unknown_value", "value", exp)
	}
	if !s.box.Verify(purpose, uuid+":"+exp, sig) || s.now().Unix() >= until {
		return fault.New(fault.Forbidden, "error.signature_invalid")
	}
	return nil
}
