package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
)

// registerHealth adds /health, which answers as long as the process serves, and /health/ready, which also asks the
// database.
func (a *API) registerHealth() {
	a.raw(http.MethodGet, "/health", public, func(w http.ResponseWriter, _ *http.Request, _ *agent.Principal) {
		writeData(w, true)
	})
	a.raw(http.MethodGet, "/health/ready", public, func(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
		if err := a.DB.Ping(r.Context()); err != nil {
			a.writeProblem(w, r, &problem{Code: http.StatusServiceUnavailable, Status: "error", ErrorType: "GeneralException",
				Message: a.say(r.Context(), "error.database_away", nil)})
			return
		}
		writeData(w, true)
	})
}

// writeData writes the envelope of a success, for handlers registered with raw.
func writeData[T any](w http.ResponseWriter, data T) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(envelope[T]{Status: "success", Data: data})
}

// Socket registers a handler that takes over the connection, for signed-in agents. It is how the live face, which is
// a package of its own, gets its path.
func (a *API) Socket(path string, fn func(w http.ResponseWriter, r *http.Request, p *agent.Principal)) {
	a.raw(http.MethodGet, path, anyone, func(w http.ResponseWriter, r *http.Request, p *agent.Principal) {
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") { // RFC 6455 §4.2.1
			w.Header().Set("Upgrade", "websocket")
			a.writeProblem(w, r, &problem{Code: http.StatusUpgradeRequired, Status: "error", ErrorType: "GeneralException",
				Message: a.say(r.Context(), "error.websocket_only", nil)})
			return
		}
		fn(w, r, p)
	})
}
