package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/platform/fault"
	"github.com/foyerdesk/foyer/internal/platform/i18n"
)

// envelope is what every successful answer is wrapped in.
type envelope[T any] struct {
	Status string `json:"status"`
	Data   T      `json:"data" nullable:"false"`
}

// appendJSON writes an envelope whose data writes itself; nil if it does not.
func (e envelope[T]) appendJSON() ([]byte, error) {
	data, ok := any(e.Data).(interface{ AppendJSON([]byte) ([]byte, error) })
	if !ok {
		return nil, nil
	}
	b, err := data.AppendJSON(append(make([]byte, 0, 64<<10), `{"status":"`+e.Status+`","data":`...))
	if err != nil {
		return nil, err
	}
	return append(b, "}\n"...), nil
}

type reply[T any] struct{ Body envelope[T] }

// done is the data of operations that have no result.
type done = bool

// timeSchema and anySchema stand for db.Time and db.JSON in the OpenAPI document.
type (
	timeSchema = time.Time
	anySchema  = any
)

// problem is the envelope of an error.
type problem struct {
	Code      int     `json:"-"`
	Status    string  `json:"status"`
	Message   string  `json:"message"`
	Data      any     `json:"data"`
	ErrorType string  `json:"error_type"`
	Field     *string `json:"field,omitempty"` // the JSON field that is wrong; Foyer's addition
	cause     error
}

// Error and GetStatus make problem a huma.StatusError.
func (p *problem) Error() string  { return p.Message }
func (p *problem) GetStatus() int { return p.Code }

// ContentType keeps the plain JSON type for errors too.
func (p *problem) ContentType(string) string { return "application/json" }

// statusOf maps the kinds of fault to status and error_type, in one place.
var statusOf = map[fault.Kind]struct {
	code int
	name string
}{
	fault.Internal:     {http.StatusInternalServerError, "GeneralException"},
	fault.Invalid:      {http.StatusBadRequest, "InputException"},
	fault.Unauthorized: {http.StatusUnauthorized, "UnauthorizedException"},
	fault.Forbidden:    {http.StatusForbidden, "PermissionException"},
	fault.NotFound:     {http.StatusNotFound, "NotFoundException"},
	fault.Conflict:     {http.StatusConflict, "ConflictException"},
	fault.TooLarge:     {http.StatusRequestEntityTooLarge, "GeneralException"},
	fault.RateLimited:  {http.StatusTooManyRequests, "RateLimitException"},
	fault.Upstream:     {http.StatusGatewayTimeout, "NetworkException"},
}

// say returns the catalogue's sentence for a key in the language of who asks.
func (a *API) say(ctx context.Context, key string, params map[string]string) string {
	return a.Translate(callerOf(ctx).language(), key, params)
}

// inWords puts a permission among the values of a message into words, with its code behind them.
func (a *API) inWords(ctx context.Context, params map[string]string) map[string]string {
	key := "admin.permission." + params["permission"]
	words := a.say(ctx, key, nil)
	if words == key {
		return params
	}
	params = maps.Clone(params)
	params["permission"] = words + " (" + params["permission"] + ")"
	return params
}

// problem turns an error of the desk into the envelope. An internal error is logged with its cause and shown without.
func (a *API) problem(ctx context.Context, err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	kind := fault.KindOf(err)
	st := statusOf[kind]
	p = &problem{Code: st.code, Status: "error", ErrorType: st.name, cause: err}
	var f *fault.Error
	if errors.As(err, &f) {
		p.Message, p.Data = a.say(ctx, f.Key, a.inWords(ctx, f.Params)), f.Data
		if f.Field != "" {
			p.Field = &f.Field
		}
	} else {
		p.Message = a.say(ctx, "error.internal", nil)
	}
	if kind == fault.Internal && !errors.Is(err, context.Canceled) {
		a.Log.ErrorContext(ctx, "request failed", "error", err)
	}
	return p
}

// unauthorised is the 401 of a missing or ended session, which clients know as GeneralException.
func (a *API) unauthorised(ctx context.Context) *problem {
	return &problem{Code: http.StatusUnauthorized, Status: "error", ErrorType: "GeneralException", Message: a.say(ctx, "error.not_signed_in", nil)}
}

func (a *API) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(r.Context(), err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Code)
	_ = json.NewEncoder(w).Encode(p)
}

// init gives huma's own errors (a body that does not decode, a value of the wrong type) the envelope: they are the
// client's, so 422 becomes 400, and the message names the field.
func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := &problem{Code: status, Status: "error", Message: msg, ErrorType: "GeneralException"}
		switch {
		case status == http.StatusUnprocessableEntity || status == http.StatusBadRequest || status == http.StatusUnsupportedMediaType:
			p.Code, p.ErrorType = http.StatusBadRequest, "InputException"
		case status == http.StatusNotFound:
			p.ErrorType = "NotFoundException"
		}
		var details []string
		for _, err := range errs {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				p.Code, p.Message = http.StatusRequestEntityTooLarge, i18n.T(i18n.Default, "error.body_too_large", nil)
				return p
			}
			var d *huma.ErrorDetail
			if errors.As(err, &d) {
				field := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(d.Location, "body."), "query."), "path.")
				if p.Field == nil && field != "" {
					p.Field = &field
				}
				details = append(details, strings.TrimSpace(field+" "+d.Message))
			}
		}
		if len(details) > 0 {
			p.Message = strings.Join(details, "; ")
		}
		return p
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		err := huma.NewError(status, msg, errs...)
		var p *problem
		if errors.As(err, &p) && p.Code == http.StatusBadRequest && len(errs) > 0 && ctx != nil && saysWhatIsWrong(ctx.Operation()) {
			p.Data = p.Message
		}
		return err
	}
}

// saysWhatIsWrong reports whether clients of an operation look for what is wrong with a body that does not decode in data.
func saysWhatIsWrong(op *huma.Operation) bool {
	return slices.ContainsFunc([]string{"tags", "statuses", "views", "shared-views", "custom-attributes"}, func(tag string) bool {
		return slices.Contains(op.Tags, tag)
	})
}

// formats are the bodies that are understood: JSON. A form is made JSON before, see [API.takeForms].
var formats = map[string]huma.Format{
	"application/json": {Marshal: marshalJSON, Unmarshal: unmarshalJSON},
	"json":             {Marshal: marshalJSON, Unmarshal: unmarshalJSON},
	"text/plain":       {Marshal: marshalJSON, Unmarshal: unmarshalJSON},
}

// marshalJSON writes an answer; data that writes itself is taken as it is.
func marshalJSON(w io.Writer, v any) error {
	quick, ok := v.(interface{ appendJSON() ([]byte, error) })
	if !ok {
		return json.NewEncoder(w).Encode(v)
	}
	b, err := quick.appendJSON()
	if err != nil {
		return err
	}
	if b == nil {
		return json.NewEncoder(w).Encode(v)
	}
	_, err = w.Write(b)
	return err
}

func unmarshalJSON(data []byte, v any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}")
	}
	return json.Unmarshal(data, v)
}

// readAll reads a request's body up to the limit.
func readAll(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, fault.New(fault.TooLarge, "error.body_too_large")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "error.body_unreadable").Because(err)
	}
	return raw, nil
}
