// Package doctor examines a desk: whether everything that it stands on works, and what to do where it does not. It looks
// from outside, through a database that is opened for reading only, so that it can be used while the desk runs, while it is
// stopped, and when it does not start. All that it writes is one small file in the blob store, which it deletes again.
//
// A check is a small function that returns a [Finding] without its name and time; [Examine] runs those that do not wait for
// one another at the same time. What is found is said in plain English words, never with a secret in it: findings are pasted
// into tickets.
//
// The package stands beside the faces of the desk, above the desk's nouns and channels. It knows nothing of HTTP routes.
package doctor

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/inbox"
	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/blob"
	"github.com/foyerdesk/foyer/internal/platform/config"
	"github.com/foyerdesk/foyer/internal/platform/crypt"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// Status says how bad a finding is.
type Status string

// The statuses, the best first: nothing to do; works, and somebody should look at it; does not work.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
)

// Finding is what one check found.
type Finding struct {
	Name     string        `json:"name"`   // stable, such as database or inbox.3.imap.1
	Title    string        `json:"title"`  // for people
	Status   Status        `json:"status"` // ok, warning or failed
	Found    string        `json:"found"`
	Advice   string        `json:"advice"` // what to do, empty for ok
	Duration time.Duration `json:"-"`
	Millis   int64         `json:"duration_ms"`
}

// Report is the result of an examination.
type Report struct {
	Status    Status    `json:"status"` // the worst of the findings
	Version   string    `json:"version"`
	CheckedAt time.Time `json:"checked_at"`
	Checks    []Finding `json:"checks"`
}

// Options are what is examined.
type Options struct {
	Config  config.Config
	Version string
	// KeyFile is where the key is unless the configuration has one.
	KeyFile string
	// BlobDir is the folder of mails and attachments, empty if they are kept elsewhere.
	BlobDir string
	// OpenBlobs opens where mails and attachments are kept; it is called only if BlobDir is there or empty.
	OpenBlobs func(context.Context) (blob.Store, error)
	// OpenBox returns what opens stored secrets; it is called only if there is a key.
	OpenBox func() (*crypt.Box, error)
	// QuickCheck bounds how long the database is looked through for damage; a minute if zero.
	QuickCheck time.Duration
}

// Broken returns the report of a desk whose configuration cannot be read, which leaves nothing else to examine.
func Broken(version string, err error) Report {
	return summarise(version, []Finding{{Name: "configuration", Title: "Configuration", Status: Failed, Found: err.Error(),
		Advice: "Correct it in foyer.toml or the environment; docs/configure.md lists every key."}})
}

// Examine runs every check that can be run. It returns when all are done or ctx ends.
func Examine(ctx context.Context, o Options) Report {
	if o.QuickCheck == 0 {
		o.QuickCheck = time.Minute
	}
	e := &examination{Options: o, rootURL: o.Config.RootURL}
	findings := e.run(ctx, []check{{"database", "Database", e.database}})
	if e.db != nil {
		defer func() { _ = e.db.Close() }()
		e.rootURL = setting.New(e.db, o.Config.RootURL, nil).General(ctx).RootURL
	}
	findings = append(findings, e.run(ctx, []check{{"desk", "Running desk", e.desk}, {"encryption_key", "Encryption key", e.encryptionKey}})...)
	findings = append(findings, e.run(ctx, e.rest(ctx))...)
	findings = append(findings, configuration(o.Config, e.rootURL)...)
	return summarise(o.Version, findings)
}

// examination is what the checks learn of a desk and from one another.
type examination struct {
	Options
	db      *db.DB     // nil if it cannot be used
	box     *crypt.Box // nil if there is no usable key
	running bool       // a desk answers on this machine
	rootURL string     // as the settings have it, else the configuration
}

// rest are the checks that stand on the first ones.
func (e *examination) rest(ctx context.Context) []check {
	list := []check{}
	if e.db != nil {
		list = append(list, check{"migrations", "Migrations", e.migrations}, check{"integrity", "Database file", e.integrity}, check{"search", "Search index", e.search})
	}
	list = append(list, check{"blobs", "Files", e.blobs})
	if e.db != nil {
		list = append(list, check{"attachments", "Attachments", e.attachments}, check{"templates", "Templates of mail", e.templates})
	}
	list = append(list, check{"disk", "Disk space", e.disk}, check{"clock", "Clock", e.clock}, check{"root_url", "Address of the desk", e.address},
		check{"cookies", "Cookies", e.cookies})
	if e.db != nil && e.box != nil {
		list = append(list, check{"own_mail", "Mail of the desk", e.ownMail})
		list = append(list, e.mail(ctx)...)
	}
	return list
}

// inboxes is the service through which settings and secrets of inboxes are read.
func (e *examination) inboxes() *inbox.Service { return inbox.New(e.db, e.box) }

// check is one thing that is looked at. Its function leaves name, title and time to [examination.run].
type check struct {
	name, title string
	look        func(context.Context) Finding
}

// patience bounds every check, on top of what reading the whole database may take.
const patience = 45 * time.Second

// run runs checks at the same time and returns their findings in order.
func (e *examination) run(ctx context.Context, list []check) []Finding {
	out := make([]Finding, len(list))
	var wg sync.WaitGroup
	for i, c := range list {
		wg.Go(func() {
			begun := time.Now()
			cctx, cancel := context.WithTimeout(ctx, patience+e.QuickCheck)
			defer cancel()
			f := c.look(cctx)
			f.Name, f.Title, f.Duration = c.name, c.title, time.Since(begun)
			f.Millis = f.Duration.Milliseconds()
			out[i] = f
		})
	}
	wg.Wait()
	return out
}

func summarise(version string, findings []Finding) Report {
	r := Report{Status: OK, Version: version, CheckedAt: time.Now().UTC().Truncate(time.Second), Checks: findings}
	for _, status := range []Status{Warning, Failed} {
		if slices.ContainsFunc(findings, func(f Finding) bool { return f.Status == status }) {
			r.Status = status
		}
	}
	return r
}

func good(found string, args ...any) Finding {
	return Finding{Status: OK, Found: fmt.Sprintf(found, args...)}
}

func warn(advice, found string, args ...any) Finding {
	return Finding{Status: Warning, Advice: advice, Found: fmt.Sprintf(found, args...)}
}

func fail(advice, found string, args ...any) Finding {
	return Finding{Status: Failed, Advice: advice, Found: fmt.Sprintf(found, args...)}
}
