package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// BulkCmd measures a change of many conversations by one request, and how the desk answers while it goes on: the
// priority of all open conversations with the tag that every third one of a filled desk has, and the undoing of it.
type BulkCmd struct {
	Target
}

// Run changes the conversations, undoes it, and prints how fast both went.
func (cmd *BulkCmd) Run(ctx context.Context) error {
	c, err := connect(ctx, cmd.Target)
	if err != nil {
		return err
	}
	m := c.marks(ctx)
	if m.skip != "" {
		return errors.New("the bench of many changes " + m.skip)
	}
	filters, _ := json.Marshal([]condition{isOpen, tagged(m.common)}) // texts always encode
	var job bulkJob
	start := time.Now()
	if err := c.call(ctx, "POST", "/api/v1/conversations/bulk", map[string]any{
		"list":   map[string]any{"scope": "all", "filters": string(filters)},
		"action": map[string]any{"type": "priority", "priority": "High"},
	}, &job); err != nil {
		return err
	}
	if err := cmd.follow(ctx, c, "changed", job, start); err != nil {
		return err
	}
	start = time.Now()
	if err := c.call(ctx, "POST", fmt.Sprintf("/api/v1/bulk/%d/undo", job.ID), nil, &job); err != nil {
		return err
	}
	return cmd.follow(ctx, c, "undone", job, start)
}

type bulkJob struct {
	ID, Total, Done, Unchanged, Refused int64
	Running                             bool
}

// follow waits for the end of a job, with an onlooker beside it.
func (cmd *BulkCmd) follow(ctx context.Context, c *client, what string, job bulkJob, start time.Time) error {
	accepted := time.Since(start)
	var position atomic.Int64
	stop := progress("conversations "+what, &position, job.Total)
	defer stop()
	beside := c.watch(ctx)
	defer beside.cancel()
	for job.Running {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		if err := c.call(ctx, "GET", fmt.Sprintf("/api/v1/bulk/%d", job.ID), nil, &job); err != nil {
			return err
		}
		position.Store(job.Done + job.Unchanged + job.Refused)
	}
	stop()
	elapsed := time.Since(start)
	list, err := beside.stop()
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%d conversations %s (%d were so already, %d refused) in %.1f s: %.0f a second; accepted after %.0f ms; a list meanwhile: p50 %.1f ms, p95 %.1f ms, p99 %.1f ms\n",
		job.Done, what, job.Unchanged, job.Refused, elapsed.Seconds(), float64(job.Total)/elapsed.Seconds(), accepted.Seconds()*1000, list.P50, list.P95, list.P99)
	return nil
}
