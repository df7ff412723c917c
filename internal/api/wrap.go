package api

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

var requests = promauto.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "foyer_http_request_seconds",
	Help:    "Time to answer HTTP requests, by route and status class. Sockets are not counted.",
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
}, []string{"route", "class"})

// wrap is what every request passes before its route: recovery, headers, who asks, Idempotency-Key, measurement.
func (a *API) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, code: http.StatusOK}
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler { //nolint:errorlint // compared as net/http does
					panic(v)
				}
				a.Log.ErrorContext(r.Context(), "handler panicked", "path", r.URL.Path, "panic", v, "trace", string(debug.Stack()))
				if !rec.wrote {
					a.writeProblem(rec, r, fault.New(fault.Internal, "error.internal"))
				}
			}
			if rec.code != http.StatusSwitchingProtocols {
				requests.WithLabelValues(r.Pattern, strconv.Itoa(rec.code/100)+"xx").Observe(time.Since(start).Seconds())
			}
		}()
		a.secure(w.Header())
		if headerSize(r) > MaxHeader {
			a.writeProblem(rec, r, &problem{Code: http.StatusRequestHeaderFieldsTooLarge, Status: "error", ErrorType: "GeneralException",
				Message: a.say(r.Context(), "error.header_too_large", nil)})
			return
		}
		c := a.identify(r)
		a.date(w.Header(), c)
		ctx := audit.As(context.WithValue(r.Context(), callerKey{}, c), c.actor())
		*r = *r.WithContext(ctx) // in place, so that r.Pattern is seen above
		if r.Body != nil {
			r.Body = http.MaxBytesReader(rec, r.Body, a.MaxBody)
		}
		switch {
		case r.Method == http.MethodHead && strings.HasPrefix(r.URL.Path, Base+"/"): // the API has none; pages and files do
			a.unknown(rec, r)
		case strings.Contains(r.URL.Path, "//"): // before the mux, which would turn every method into GET
			a.unknown(rec, r)
		default:
			asJSON(r.Header)
			a.idempotent(next).ServeHTTP(rec, r)
		}
	})
}

// MaxHeader is how many bytes a request's line and header may have together.
const MaxHeader = 64 << 10

func headerSize(r *http.Request) int {
	n := len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// secure sets the headers that every answer has. No answer has CORS headers: other sites' scripts have no business here,
// and programs do not ask.
func (a *API) secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	if a.HSTS > 0 {
		h.Set("Strict-Transport-Security", "max-age="+strconv.FormatInt(int64(a.HSTS.Seconds()), 10)) // RFC 6797, section 6.1
	}
}

// eventHeader says in an answer up to which event of the log it surely holds what happened. A page whose socket is opened
// later learns from it whether something happened in between, which the socket does not tell of.
const eventHeader = "X-Event-ID"

func (a *API) date(h http.Header, c *caller) {
	if c.principal != nil && a.NewestEvent != nil {
		h.Set(eventHeader, strconv.FormatInt(a.NewestEvent(), 10))
	}
}

// asJSON takes every type that names JSON, such as text/json, for JSON.
func asJSON(h http.Header) {
	if ct := h.Get("Content-Type"); strings.Contains(strings.ToLower(ct), "json") {
		h.Set("Content-Type", "application/json")
	}
}

// recorder remembers the status that was written.
type recorder struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (w *recorder) WriteHeader(code int) {
	if !w.wrote {
		w.code, w.wrote = code, true
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *recorder) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// unknown answers for paths and methods that no route has: 405 with Allow where the path exists, a redirect where the
// path only is written in another way than a route's, otherwise 404.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if a.serves(r, m, r.URL.Path) {
			allowed = append(allowed, m)
		}
	}
	if to := a.canonical(r); len(allowed) == 0 && to != "" {
		code := http.StatusPermanentRedirect
		if r.Method == http.MethodGet {
			code = http.StatusMovedPermanently
		}
		http.Redirect(w, r, to, code)
		return
	}
	code, key := http.StatusNotFound, "error.no_route"
	if len(allowed) > 0 {
		for _, m := range allowed {
			w.Header().Add("Allow", m)
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusOK)
			return
		}
		code, key = http.StatusMethodNotAllowed, "error.method_not_allowed"
	}
	a.writeProblem(w, r, &problem{Code: code, Status: "error", ErrorType: "GeneralException", Message: a.say(r.Context(), key, nil)})
}

// serves reports whether a route has a method and path.
func (a *API) serves(r *http.Request, method, at string) bool {
	if strings.Contains(at, "//") {
		return false
	}
	probe := r.Clone(r.Context())
	probe.Method, probe.URL.Path, probe.URL.RawPath = method, at, ""
	_, pattern := a.mux.Handler(probe)
	return pattern != "" && pattern != "/"
}

// canonical returns the address of the route that a path means which has a slash at its end, doubled slashes or other
// letters; "" if there is none.
func (a *API) canonical(r *http.Request) string {
	clean := path.Clean(r.URL.Path)
	for _, candidate := range []string{clean, strings.ToLower(clean)} {
		if candidate != r.URL.Path && a.serves(r, r.Method, candidate) {
			return (&url.URL{Path: candidate, RawQuery: r.URL.RawQuery}).String()
		}
	}
	return ""
}
