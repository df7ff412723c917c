// Package remote shows the pictures that mails have on servers of strangers to readers who asked for them, without
// telling those servers who reads: the desk fetches a picture and serves it from its own origin.
//
// Only what stands in a mail can be asked for: an address is served with a signature, and [Pictures.In] signs those of a
// mail for who may read it. A fetch carries no cookie and no referrer, goes to public addresses only, and is bounded in
// size, time and redirects. What comes must be a raster picture by its bytes; SVG, which is a program, never is. Why a
// picture is not shown is not said, so that nobody learns by a mail what there is in the desk's network.
//
// Pictures are kept in the blob store for a few days, up to a bound, so that reading a mail twice, or by two agents, is
// one request.
package remote

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/htmlx"
	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

// Path is where pictures are served.
const Path = "/uploads/remote"

const (
	purpose = "remote picture"
	// signedFor is how long a signed address works at least.
	signedFor = 24 * time.Hour
	// signedStep rounds the end up, so that a browser meets the same address again and has the picture in its cache.
	signedStep = 12 * time.Hour
	// maxPictures is how many pictures of one mail are shown.
	maxPictures = 300
	// maxAddress is the longest address that is fetched, in bytes; escaped and signed it still fits into a request.
	maxAddress = 8 << 10
)

// Limits bound what is fetched and kept.
type Limits struct {
	Picture  int64         // bytes of one picture
	Timeout  time.Duration // for one picture, redirects included
	Kept     int           // pictures kept
	KeptSize int64         // bytes of them together
	KeptFor  time.Duration
}

// DefaultLimits are those of a desk.
func DefaultLimits() Limits {
	return Limits{Picture: 10 << 20, Timeout: 10 * time.Second, Kept: 5000, KeptSize: 256 << 20, KeptFor: 7 * 24 * time.Hour}
}

// Options are what pictures need of the desk.
type Options struct {
	DB      *db.DB
	Blobs   blob.Store
	Box     *crypt.Box
	Log     *slog.Logger
	Guard   *netguard.Guard
	RootURL func() string
	Limits  Limits
}

// Pictures are the pictures of mails on other servers.
type Pictures struct {
	Options
	client  *http.Client
	fetches singleflight.Group
	turns   chan struct{} // bounds how many are fetched at once
	now     func() time.Time
}

// New makes the service.
func New(o Options) *Pictures {
	return &Pictures{Options: o, turns: make(chan struct{}, 32), now: time.Now,
		client: o.Guard.Client(netguard.Limits{Timeout: o.Limits.Timeout, MaxBody: o.Limits.Picture, Redirects: 3})}
}

// Picture is a picture in a mail: its own address, and the one by which the desk serves it.
type Picture struct {
	Address string `json:"address" doc:"As it stands in the mail"`
	URL     string `json:"url" doc:"Where the desk serves it to signed-in agents; works for a day at least"`
}

// In returns the pictures that markup shows from other servers, each once, in the order of the text.
func (s *Pictures) In(markup string) []Picture {
	out, seen := []Picture{}, map[string]bool{}
	own := strings.TrimSuffix(s.RootURL(), "/") + "/uploads/"
	htmlx.RewriteURLs(markup, func(tag, attr, address string) string {
		if tag == "img" && attr == "src" && len(out) < maxPictures && !seen[address] && !strings.HasPrefix(address, own) && fetchable(address) {
			seen[address] = true
			out = append(out, Picture{Address: address, URL: s.signed(address)})
		}
		return address
	})
	return out
}

func fetchable(address string) bool {
	_, err := netguard.ParseURL(address)
	return err == nil && len(address) <= maxAddress
}

func (s *Pictures) signed(address string) string {
	until := strconv.FormatInt(s.now().Add(signedFor+signedStep).Truncate(signedStep).Unix(), 10)
	return Path + "?" + url.Values{"address": {address}, "exp": {until}, "sig": {s.Box.Sign(purpose, until+" "+address)}}.Encode()
}

// verify returns Forbidden unless the signature is that of the address and still holds.
func (s *Pictures) verify(address, sig, exp string) error {
	until, err := strconv.ParseInt(exp, 10, 64)
	if err != nil || !s.Box.Verify(purpose, exp+" "+address, sig) || s.now().Unix() >= until {
		return fault.New(fault.Forbidden, "error.signature_invalid")
	}
	return nil
}
