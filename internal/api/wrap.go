package api

import (
	"context"
	"net/http"
	"runtime/debug"
	"strconv"
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
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		c := a.identify(r)
		ctx := audit.As(context.WithValue(r.Context(), callerKey{}, c), c.actor())
		*r = *r.WithContext(ctx) // in place, so that r.Pattern is seen above
		if r.Body != nil {
			r.Body = http.MaxBytesReader(rec, r.Body, a.MaxBody)
		}
		a.idempotent(next).ServeHTTP(rec, r)
	})
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

// unknown answers for paths and methods that no route has: 405 with Allow where the path exists, otherwise 404.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := a.mux.Handler(probe); pattern != "" && pattern != "/" {
			allowed = append(allowed, m)
		}
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
