package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// HitCmd measures API calls. The rows "note" and "status" change the desk: conversations gain notes and end up Open
// or Resolved.
type HitCmd struct {
	Target
	Rows        []string      `help:"Rows to measure, in this order; all without it. Those of lists that are filtered need a desk from bench fill."`
	Duration    time.Duration `default:"10s" help:"How long each row is measured."`
	WarmUp      time.Duration `default:"1s" help:"How long each row runs before it is measured."`
	Concurrency int           `default:"16" help:"Calls made at the same time, each on a connection of its own."`
	Spread      int           `default:"3000" help:"Conversations that the calls are spread over."`
	JSON        bool          `name:"json" help:"Print the results as JSON."`
}

// Run measures the rows one after another and prints a table, or JSON, to the standard output.
func (cmd *HitCmd) Run(ctx context.Context) error {
	results, err := cmd.Measure(ctx)
	if err != nil {
		return err
	}
	if cmd.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(results)
	}
	return printTable(os.Stdout, results)
}

// Measure measures the rows one after another. It fails when the server cannot be measured at all; calls that
// fail are counted in the results.
func (cmd *HitCmd) Measure(ctx context.Context) ([]Result, error) {
	if cmd.Concurrency < 1 || cmd.Spread < 1 || cmd.Duration <= 0 {
		return nil, errors.New("concurrency, spread and duration must be more than 0")
	}
	for _, name := range cmd.Rows {
		if !slices.Contains(rowNames, name) {
			return nil, fmt.Errorf("there is no row %q, only %s", name, strings.Join(rowNames, ", "))
		}
	}
	c, err := connect(ctx, cmd.Target)
	if err != nil {
		return nil, err
	}
	t, err := c.gather(ctx, cmd.Spread)
	if err != nil {
		return nil, err
	}
	rows, err := cmd.rows(ctx, c, t)
	if err != nil {
		return nil, err
	}
	names := cmd.Rows
	if len(names) == 0 {
		names = rowNames
	}
	var results []Result
	for _, name := range names {
		r := rows[slices.IndexFunc(rows, func(r row) bool { return r.name == name })]
		if r.skip != "" {
			results = append(results, Result{Name: r.name, Skipped: r.skip})
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s\n", r.name)
		results = append(results, cmd.measure(ctx, c, r))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// worker is one connection's view of a row.
type worker struct {
	samples    samples
	failed     int
	firstError string
	bytes      int64
}

func (cmd *HitCmd) measure(ctx context.Context, c *client, r row) Result {
	workers := make([]worker, cmd.Concurrency)
	var all sync.WaitGroup
	begin := time.Now().Add(cmd.WarmUp)
	end := begin.Add(cmd.Duration)
	for n := range workers {
		all.Go(func() {
			w := newWire(c.root)
			defer w.close()
			workers[n].run(ctx, w, begin, end, func(i int) []byte { return r.next(n, i) })
		})
	}
	all.Wait()
	elapsed := time.Since(begin)
	var sum worker
	for _, w := range workers {
		sum.samples = append(sum.samples, w.samples...)
		sum.failed += w.failed
		sum.bytes += w.bytes
		if sum.firstError == "" {
			sum.firstError = w.firstError
		}
	}
	return summarise(r.name, sum.samples, sum.failed, sum.firstError, sum.bytes, elapsed)
}

// run makes calls until the end and records those that began after the beginning.
func (w *worker) run(ctx context.Context, conn *wire, begin, end time.Time, next func(i int) []byte) {
	for i := 0; ctx.Err() == nil; i++ {
		req := next(i)
		start := time.Now()
		if start.After(end) {
			return
		}
		status, body, err := conn.do(ctx, req)
		took := time.Since(start)
		if start.Before(begin) {
			continue
		}
		switch {
		case err != nil:
			w.fail(err.Error())
		case status != 200:
			w.fail(fmt.Sprintf("status %d: %s", status, excerpt(body)))
		default:
			w.samples = append(w.samples, took)
			w.bytes += int64(len(body))
		}
	}
}

func (w *worker) fail(why string) {
	if w.failed++; w.failed == 1 {
		w.firstError = why
	}
}

func printTable(out io.Writer, results []Result) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "row\trate/s\tp50 ms\tp95 ms\tp99 ms\terrors\tbytes\t")
	for _, r := range results {
		if r.Skipped != "" {
			fmt.Fprintf(t, "%s\t-\t-\t-\t-\t-\t-\t\n", r.Name)
			continue
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%.2f\t%.2f\t%d\t%.0f\t\n", r.Name, r.Rate, r.P50, r.P95, r.P99, r.Errors, r.Bytes)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the results: %w", err)
	}
	for _, r := range results {
		if why := r.Skipped + r.Error; why != "" {
			fmt.Fprintf(out, "%s: %s\n", r.Name, why)
		}
	}
	return nil
}
