package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// ActivityInput is the query of a page of the activity log.
type ActivityInput struct {
	Paging
	OrderBy string `query:"order_by" doc:"activity_logs.created_at, activity_type, actor_id or ip; the newest first unless given"`
	Order   string `query:"order" doc:"asc or desc"`
	Filters string `query:"filters" doc:"Conditions on activity_logs: activity_type, actor_id, ip, created_at, target_model_type, target_model_id, and activity_description for a text in the newest 100000"`
}

// Activity registers the routes of the activity log.
func Activity(a *API) {
	log := audit.NewLog(a.DB)
	route(a, http.MethodGet, "/activity-logs", "The activity log", need(role.ActivityLogsManage),
		func(ctx context.Context, _ *agent.Principal, in *ActivityInput) (audit.Page, error) {
			q := audit.Query{OrderBy: in.OrderBy, Order: in.Order, Filters: in.Filters, Location: a.Settings.General(ctx).Location()}
			q.Page, q.PageSize = in.values()
			return log.List(ctx, q)
		})
	a.exportActivity(log)
	route(a, http.MethodGet, "/settings/activity-log", "How long the activity log is kept", need(role.GeneralSettingsManage),
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) (audit.Retention, error) {
			return log.Retention(ctx)
		})
	route(a, http.MethodPut, "/settings/activity-log", "Say how long the activity log is kept", need(role.GeneralSettingsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body retentionBody }) (audit.Retention, error) {
			if in.Body.Days == nil {
				return audit.Retention{}, fault.Required("retention_days")
			}
			r := audit.Retention{Days: *in.Body.Days}
			return r, log.SetRetention(ctx, r)
		})
}

type retentionBody struct {
	Days *int64 `json:"retention_days,omitempty" nullable:"true" doc:"From 30 to 36500; 0 to keep every entry"`
}

// exportActivity is registered by hand because its answer is a file. A client whose file ends early sees the connection
// break off rather than a file that looks whole.
func (a *API) exportActivity(log *audit.Log) {
	path := Base + "/activity-logs/export"
	a.raw(http.MethodGet, path, need(role.ActivityLogsManage), func(w http.ResponseWriter, r *http.Request, _ *agent.Principal) {
		begun := false
		q := audit.Query{Filters: r.URL.Query().Get("filters"), Location: a.Settings.General(r.Context()).Location()}
		err := log.Export(r.Context(), q, w, func() {
			begun = true
			h := w.Header()
			h.Set("Content-Type", "text/csv; charset=utf-8")
			h.Set("Content-Disposition", `attachment; filename="activity-log-`+time.Now().UTC().Format(time.DateOnly)+`.csv"`)
			h.Set("Cache-Control", "no-store")
		})
		switch {
		case err != nil && begun:
			a.Log.ErrorContext(r.Context(), "an export of the activity log broke off", "error", err)
			panic(http.ErrAbortHandler)
		case err != nil:
			a.writeProblem(w, r, err)
		}
	})
	a.huma.OpenAPI().AddOperation(&huma.Operation{OperationID: "get-activity-logs-export", Method: http.MethodGet, Path: path, Tags: []string{"activity-logs"},
		Summary: "The activity log as CSV, newest first", Description: "Needs permission activity_logs:manage. Takes the filters of the list.",
		Parameters: []*huma.Param{{Name: "filters", In: "query", Schema: &huma.Schema{Type: huma.TypeString}}},
		Security:   []map[string][]string{{"session": {}}, {"key": {}}}, Responses: map[string]*huma.Response{"200": {Description: "text/csv"}}})
}
