package api

import (
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/agent"
)

// pagePolicy is the Content-Security-Policy of the web app: its own scripts only. Remote images are let through here
// because the preview of a template inherits this policy; the policy of a mail's frame lets through those of this origin only.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https: http:; " +
	"font-src 'self'; connect-src 'self'; media-src 'self' blob:; frame-src 'self' blob:; manifest-src 'self'; worker-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// home is where a signed-in agent lands.
const home = "/inboxes/assigned"

// Web serves the web app from its built files: the page for each of its paths, and the files below /assets.
func Web(files fs.FS) func(*API) {
	return func(a *API) {
		w := &web{api: a, files: files}
		for _, p := range []string{"/{$}", "/reset-password", "/set-password", "/setup"} {
			a.raw(http.MethodGet, p, public, w.guestPage)
		}
		for _, section := range []string{"inboxes", "teams", "views", "contacts", "organizations", "reports", "account", "admin"} {
			a.raw(http.MethodGet, "/"+section, public, func(rw http.ResponseWriter, r *http.Request, _ *agent.Principal) {
				http.Redirect(rw, r, "/"+section+"/", http.StatusFound)
			})
			a.raw(http.MethodGet, "/"+section+"/", public, w.agentPage)
		}
		a.raw(http.MethodGet, "/assets/", public, w.asset)
		a.raw(http.MethodGet, "/images/", public, w.asset)
		a.raw(http.MethodGet, "/sw.js", public, w.worker)
		a.raw(http.MethodGet, "/manifest.webmanifest", public, w.manifest)
		a.raw(http.MethodGet, "/favicon.ico", public, func(rw http.ResponseWriter, r *http.Request, _ *agent.Principal) {
			http.Redirect(rw, r, "/assets/favicon.svg", http.StatusMovedPermanently)
		})
	}
}

type web struct {
	api   *API
	files fs.FS
}

// guestPage is for visitors who are not signed in; others go on to where they wanted to be.
func (w *web) guestPage(rw http.ResponseWriter, r *http.Request, p *agent.Principal) {
	if p != nil {
		http.Redirect(rw, r, localPath(r.URL.Query().Get("next")), http.StatusFound)
		return
	}
	if callerOf(r.Context()).session != "" {
		w.api.dropSession(rw) // over or unknown: it must not keep anybody out
	}
	w.index(rw, r)
}

// agentPage needs a session; without one it leads to the sign-in page and back.
func (w *web) agentPage(rw http.ResponseWriter, r *http.Request, p *agent.Principal) {
	if p == nil {
		if callerOf(r.Context()).session != "" {
			w.api.dropSession(rw)
		}
		http.Redirect(rw, r, "/?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
		return
	}
	w.index(rw, r)
}

// localPath reduces an address to path, query and fragment on this host; what is none of ours leads home.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || next == "" {
		return home
	}
	out := &url.URL{Path: "/" + strings.TrimLeft(u.Path, "/\\"), RawQuery: u.RawQuery, Fragment: u.Fragment}
	if out.Path == "/" {
		return home
	}
	return out.String()
}

func (w *web) index(rw http.ResponseWriter, r *http.Request) {
	w.api.ensureCSRF(rw, r)
	h := rw.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store, no-cache, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
	w.serve(rw, r, "index.html")
}

// asset serves a built file. Names below /assets carry a hash of their content or change rarely.
func (w *web) asset(rw http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	cache := "public, max-age=86400"
	if strings.HasPrefix(name, "assets/") && hashed(name) {
		cache = "public, max-age=31536000, immutable"
	}
	rw.Header().Set("Cache-Control", cache)
	w.serve(rw, r, name)
}

// worker serves the service worker, which browsers ask for anew on every visit. It may do what the pages may.
func (w *web) worker(rw http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	rw.Header().Set("Cache-Control", "no-cache")
	rw.Header().Set("Content-Security-Policy", pagePolicy)
	w.serve(rw, r, "sw.js")
}

// appIcon is a picture in the manifest of the installed app.
type appIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose,omitempty"`
}

// manifest says how the desk is installed as an app (W3C Web Application Manifest), under the name it has.
func (w *web) manifest(rw http.ResponseWriter, r *http.Request, _ *agent.Principal) {
	g := w.api.Settings.General(r.Context())
	rw.Header().Set("Content-Type", "application/manifest+json")
	rw.Header().Set("Cache-Control", "no-cache")
	const png = "image/png"
	_ = json.NewEncoder(rw).Encode(map[string]any{ // whoever asked is gone when it fails
		"id": "/", "name": g.SiteName, "short_name": g.SiteName, "lang": g.Lang, "start_url": home, "scope": "/", "display": "standalone",
		"background_color": "#fcfcfd", "theme_color": "#fcfcfd", "icons": []appIcon{
			{"/assets/favicon.svg", "any", "image/svg+xml", ""},
			{"/assets/icon-192.png", "192x192", png, ""},
			{"/assets/icon-512.png", "512x512", png, ""},
			{"/assets/icon-maskable-512.png", "512x512", png, "maskable"},
		},
	})
}

// hashed reports whether a file name carries a hash, as in "index-Bx1c9f2a.js".
func hashed(name string) bool {
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	i := strings.LastIndexByte(base, '-')
	return i >= 0 && len(base)-i-1 >= 8
}

// serve writes a file in the smallest form that the browser takes and that was made at build time.
func (w *web) serve(rw http.ResponseWriter, r *http.Request, name string) {
	accepts := r.Header.Get("Accept-Encoding")
	rw.Header().Add("Vary", "Accept-Encoding")
	for _, enc := range []struct{ token, ext string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if enc.token != "" && !strings.Contains(accepts, enc.token) {
			continue
		}
		data, err := fs.ReadFile(w.files, name+enc.ext)
		if err != nil {
			continue
		}
		if enc.token != "" {
			rw.Header().Set("Content-Encoding", enc.token)
		}
		if ct := mime.TypeByExtension(path.Ext(name)); ct != "" {
			rw.Header().Set("Content-Type", ct)
		}
		http.ServeContent(rw, r, "", time.Time{}, strings.NewReader(string(data)))
		return
	}
	code, key := http.StatusNotFound, "error.no_file"
	if name == "index.html" {
		code, key = http.StatusServiceUnavailable, "error.web_not_built"
	}
	rw.Header().Del("Cache-Control")
	w.api.writeProblem(rw, r, &problem{Code: code, Status: "error", ErrorType: "NotFoundException", Message: w.api.say(r.Context(), key, nil)})
}
