package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/foyerdesk/foyer/internal/bench"
	"github.com/foyerdesk/foyer/internal/demo"
	"github.com/foyerdesk/foyer/internal/platform/config"
)

// commands is the command line.
type commands struct {
	Config  string      `help:"Configuration file (TOML). Default: foyer.toml, if it exists." placeholder:"FILE" type:"path"`
	Serve   serveCmd    `cmd:"" help:"Run the desk."`
	Demo    demoCmd     `cmd:"" help:"Run a desk with sample data and a mail sandbox."`
	Migrate migrateCmd  `cmd:"" help:"Bring the database up to this version and stop."`
	User    userCmd     `cmd:"" help:"Manage agents."`
	Apikey  apikeyCmd   `cmd:"" help:"Manage API keys."`
	Sso     ssoCmd      `cmd:"" help:"Manage single sign-on."`
	Doctor  doctorCmd   `cmd:"" help:"Examine the desk and say what is wrong; it may be running or stopped."`
	Bench   benchCmd    `cmd:"" help:"Load a desk and measure it."`
	Openapi openapiCmd  `cmd:"" help:"Print the OpenAPI document of the API."`
	Rotate  rotateCmd   `cmd:"" name:"rotate-key" help:"Replace the encryption key, while the desk is not running."`
	Version versionFlag `help:"Print the version and stop."`
}

type versionFlag bool

// BeforeReset prints the version instead of running a command.
func (versionFlag) BeforeReset(k *kong.Kong) error {
	_, err := fmt.Fprintln(k.Stdout, "foyer", Version)
	k.Exit(0)
	return err
}

// Main runs the command line and returns the exit code: 0; 1 after an error, which is printed; 2 for a command line that is
// not understood.
func Main(args []string) int {
	tuneMemory()
	var c commands
	parser, err := kong.New(&c, kong.Name("foyer"), kong.Description("A customer support desk: shared mailboxes and live chat for a team."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "foyer:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		misunderstood(err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(&c)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return 0
	case !errors.Is(err, errUnwell):
		fmt.Fprintln(os.Stderr, "foyer:", err)
	}
	return 1
}

// tuneMemory lets the heap grow to three times of what is in use, rather than two, before what is not used any more is looked for: of a
// desk's 10 MB that costs some 10 MB more, and spares a tenth of the processor's time under load. GOGC says otherwise.
func tuneMemory() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(200)
	}
}

// misunderstood says what is wrong with a command line, and how it is used.
func misunderstood(err error) {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		wrong.Context.Stdout = os.Stderr
		_ = wrong.Context.PrintUsage(false)
	}
	fmt.Fprintln(os.Stderr, "\nfoyer:", err)
}

func (c *commands) load() (config.Config, *slog.Logger, error) {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return cfg, nil, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return cfg, nil, fmt.Errorf("log_level %q: use debug, info, warn or error", cfg.LogLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(os.Stderr, options)
	if cfg.LogFormat == "json" {
		h = slog.NewJSONHandler(os.Stderr, options)
	}
	return cfg, slog.New(h), nil
}

// open opens the desk for a command that does something and ends.
func (c *commands) open(ctx context.Context) (*App, error) {
	cfg, _, err := c.load()
	if err != nil {
		return nil, err
	}
	return Open(ctx, cfg, slog.New(slog.DiscardHandler))
}

type serveCmd struct {
	CPUProfile string `name:"cpu-profile" help:"Write where processor time is spent to this file until the desk stops, for go tool pprof." placeholder:"FILE" type:"path"`
}

// Run serves until a signal comes.
func (cmd serveCmd) Run(ctx context.Context, c *commands) (err error) {
	cfg, log, err := c.load()
	if err != nil {
		return err
	}
	stop, err := profile(cmd.CPUProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	a, err := Start(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("foyer is ready", "version", Version, "url", a.Settings.General(ctx).RootURL, "listening", a.Addr(), "database", a.DB.Engine())
	if a.SetupLink != "" {
		fmt.Printf("\nNobody has signed in yet. Set the first password here (valid for 24 hours, once):\n\n  %s\n\n", a.SetupLink)
	}
	return a.untilSignal(ctx, log)
}

// drainFor is how long what runs may take to finish after a signal.
const drainFor = 25 * time.Second

func (a *App) untilSignal(ctx context.Context, log *slog.Logger) error {
	<-ctx.Done()
	log.Info("stopping")
	sctx, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	return a.Stop(sctx)
}

type migrateCmd struct{}

// Run migrates and seeds the database.
func (migrateCmd) Run(ctx context.Context, c *commands) error {
	a, err := c.open(ctx)
	if err != nil {
		return err
	}
	fmt.Println("The database is up to date.")
	return a.Close()
}

// benchCmd adds the loader that writes into the database to the benchmarks that speak the API.
type benchCmd struct {
	bench.Command
	Fill fillCmd `cmd:"" help:"Write plain conversations, with agents, teams and tags, straight into this desk's database, while it is not running."`
}

type fillCmd struct {
	Count    int `help:"How many conversations." default:"100000"`
	Messages int `help:"Messages in each." default:"3"`
}

// Run fills the database.
func (f fillCmd) Run(ctx context.Context, c *commands) error {
	a, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	if err := demo.EnsureInbox(ctx, a.DB); err != nil {
		return err
	}
	if err := demo.EnsureCrowd(ctx, a.DB); err != nil {
		return err
	}
	// A new index asks for everything there is: before it is written, that is nothing.
	if err := a.Search.CatchUp(ctx, nil); err != nil {
		return err
	}
	said := newMeter(os.Stderr)
	start := time.Now()
	err = demo.Bulk(ctx, a.DB, demo.BulkOptions{Conversations: f.Count, Messages: f.Messages, Varied: true, Progress: func(done int) {
		said.say("%d of %d conversations, %.0f a second", done, f.Count, float64(done)/time.Since(start).Seconds())
	}})
	said.end()
	if err != nil {
		return err
	}
	start = time.Now()
	err = a.Search.CatchUp(ctx, func(done int) {
		said.say("%d texts indexed for search, %.0f a second", done, float64(done)/time.Since(start).Seconds())
	})
	said.end()
	return err
}

// A meter tells how far something is: to a terminal in one line that changes, into a file now and then in a line of its own.
type meter struct {
	out      *os.File
	terminal bool
	line     string // the newest, while it is not written
	wrote    time.Time
}

// meterEvery is how often a meter writes into a file.
const meterEvery = 10 * time.Second

func newMeter(out *os.File) *meter {
	info, err := out.Stat()
	return &meter{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, wrote: time.Now()}
}

func (m *meter) say(format string, values ...any) {
	m.line = fmt.Sprintf(format, values...)
	switch {
	case m.terminal:
		_, _ = fmt.Fprint(m.out, "\r\033[K", m.line)
	case time.Since(m.wrote) >= meterEvery:
		m.end()
	}
}

// end leaves the newest line as it is.
func (m *meter) end() {
	switch {
	case m.line == "":
		return
	case m.terminal:
		_, _ = fmt.Fprintln(m.out)
	default:
		_, _ = fmt.Fprintln(m.out, m.line)
	}
	m.line, m.wrote = "", time.Now()
}

type openapiCmd struct{}

// Run prints the document that a node serves at /api/openapi.json.
func (openapiCmd) Run(ctx context.Context, c *commands) error {
	dir, err := os.MkdirTemp("", "foyer-openapi")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cfg := config.Defaults()
	cfg.DataDir, cfg.DatabaseURL = dir, dir+"/foyer.db"
	a, err := Open(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return a.WriteOpenAPI(os.Stdout)
}

// WriteOpenAPI writes the API's document in the form in which the web app keeps it.
func (a *App) WriteOpenAPI(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(a.API.OpenAPI())
}
