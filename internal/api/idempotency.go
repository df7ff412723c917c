package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// idempotencyHeader names the key under which a client may repeat a POST and be sure that it works once.
const idempotencyHeader = "Idempotency-Key"

// An answer is kept for a day; a request that is still being worked on, or whose node died, for a minute.
const (
	idempotencyKept    = 24 * time.Hour
	idempotencyPending = time.Minute
)

// idempotent answers a repeated POST with what the first one was answered. Only success is kept: what was refused or
// failed has changed nothing and may be tried again. Who may not call a route gets no kept answer of it either, and
// public routes, whose answers may set cookies, keep none; nor do those whose answer is the only place where a secret is in
// clear, such as a new API key.
func (a *API) idempotent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, p := r.Header.Get(idempotencyHeader), principalOf(r.Context())
		if key == "" || p == nil || r.Method != http.MethodPost || !a.keeps(w, r) {
			next.ServeHTTP(w, r)
			return
		}
		if len(key) > 200 {
			a.writeProblem(w, r, fault.TooLong(idempotencyHeader, 200))
			return
		}
		if !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
			a.writeProblem(w, r, fault.Field(idempotencyHeader, "error.control_characters"))
			return
		}
		kept, err := a.claim(r.Context(), p.ID, key, r.URL.Path)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		if kept != "" {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Idempotent-Replayed", "true")
			_, _ = w.Write([]byte(kept))
			return
		}
		copied := &copying{ResponseWriter: w, code: http.StatusOK}
		settled := false
		defer func() {
			if !settled {
				_ = a.settle(context.WithoutCancel(r.Context()), p.ID, key, "")
			}
		}()
		next.ServeHTTP(copied, r)
		if copied.code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			settled = a.settle(context.WithoutCancel(r.Context()), p.ID, key, copied.body.String()) == nil
		}
	})
}

// keeps reports whether a request will get through to its route, and the route's answers are kept.
func (a *API) keeps(w http.ResponseWriter, r *http.Request) bool {
	_, pattern := a.mux.Handler(r)
	for _, route := range a.routes {
		if route.Method+" "+route.Path == pattern {
			return !route.Public && !route.ShowsSecret && a.allow(w, r.Method, r, access{perm: route.Permission}) == nil
		}
	}
	return false
}

// claim takes a key for this request, or returns the answer kept under it. Conflict while another request holds it or
// if it was used for another path.
func (a *API) claim(ctx context.Context, user int64, key, path string) (answer string, err error) {
	now := db.Now()
	err = a.DB.Tx(ctx, func(tx *db.Tx) error {
		answer = ""
		if _, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND (created_at < $3 OR (status = 0 AND created_at < $4))`,
			user, key, db.At(now.Add(-idempotencyKept)), db.At(now.Add(-idempotencyPending))); err != nil {
			return fmt.Errorf("drop old idempotency keys: %w", err)
		}
		n, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (user_id, key, request, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, user, key, path, now)
		if err != nil || n == 1 {
			return err
		}
		var status int
		var request string
		err = tx.QueryRow(ctx, `SELECT request, status, response FROM idempotency_keys WHERE user_id = $1 AND key = $2`, user, key).
			Scan(&request, &status, &answer)
		if errors.Is(err, db.ErrNoRows) || (err == nil && (status == 0 || request != path)) {
			return fault.New(fault.Conflict, "error.idempotency_conflict")
		}
		return err
	})
	return answer, err
}

// settle keeps the answer, or gives the key back when there is none to keep.
func (a *API) settle(ctx context.Context, user int64, key, answer string) error {
	return a.DB.Tx(ctx, func(tx *db.Tx) error {
		statement, args := `DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND status = 0`, []any{user, key}
		if answer != "" {
			statement, args = `UPDATE idempotency_keys SET status = 200, response = $3 WHERE user_id = $1 AND key = $2`, append(args, answer)
		}
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
}

type copying struct {
	http.ResponseWriter
	code int
	body bytes.Buffer
}

func (w *copying) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func (w *copying) Write(b []byte) (int, error) {
	_, _ = w.body.Write(b)
	return w.ResponseWriter.Write(b)
}
