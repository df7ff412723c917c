package jobs

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

var failures = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "foyer_job_failures_total",
	Help: "Attempts of background jobs that ended in an error or a panic, by kind of job.",
}, []string{"kind"})

// reporter logs failed attempts; River decides when to try again.
type reporter struct{ log *slog.Logger }

func (h *reporter) HandleError(_ context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	failures.WithLabelValues(job.Kind).Inc()
	h.log.Warn("job failed", "kind", job.Kind, "job", job.ID, "attempt", job.Attempt, "of", job.MaxAttempts, "error", err)
	return nil
}

func (h *reporter) HandlePanic(_ context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	failures.WithLabelValues(job.Kind).Inc()
	h.log.Error("job panicked", "kind", job.Kind, "job", job.ID, "panic", value, "trace", trace)
	return nil
}
