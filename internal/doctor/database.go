package doctor

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/flow/search"
	"github.com/foyerdesk/foyer/internal/platform/db"
)

// database opens the database for the other checks.
func (e *examination) database(ctx context.Context) Finding {
	d, err := db.OpenReadOnly(ctx, e.Config.DatabaseURL)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail("Is this the right data folder? Run the command as the desk's user, with the same --config and environment. A new desk makes its database when it starts for the first time.",
			"there is no database at %s", strings.TrimPrefix(e.Config.DatabaseURL, "sqlite:"))
	case err != nil:
		return fail("Check database_url, and that the database runs and lets this user in.", "it cannot be opened: %s", oneLine(err.Error()))
	}
	v, err := d.Vitals(ctx)
	if err != nil {
		_ = d.Close()
		return fail("The file may be damaged or no database at all: restore a backup.", "%s", oneLine(err.Error()))
	}
	e.db = d
	if d.Engine() == db.Postgres {
		return aged(v.Version, good("PostgreSQL %s, %s", v.Version, bytes(v.Size)))
	}
	return roomy(v, good("SQLite %s, %s, of that %s free, write-ahead log %s", v.Version, bytes(v.Size), bytes(v.Free), bytes(v.WAL)))
}

// oldestPostgres is the oldest major version that is still looked after by its makers.
const oldestPostgres = 14

func aged(version string, f Finding) Finding {
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(strings.Fields(major + " ")[0]); err == nil && n < oldestPostgres {
		f.Status, f.Advice = Warning, "This version of PostgreSQL gets no fixes any more: upgrade it to "+strconv.Itoa(oldestPostgres)+" or later."
	}
	return f
}

const (
	muchLog  = 512 << 20 // of a write-ahead log that is begun anew after 120 MB or somewhat more
	muchFree = 1 << 30
)

func roomy(v db.Vitals, f Finding) Finding {
	switch {
	case v.WAL > muchLog:
		f.Status, f.Advice = Warning, "The write-ahead log is not copied into the database: some program holds it open for reading for a long time. End it, or restart the desk."
	case v.Free > muchFree && v.Free > v.Size/2:
		f.Status, f.Advice = Warning, "More than half of the file holds nothing. It is used again as the desk grows; to give it back to the disk, stop the desk and run: sqlite3 FILE VACUUM"
	}
	return f
}

// migrations says whether the database has the form that this program works with.
func (e *examination) migrations(ctx context.Context) Finding {
	s, err := e.db.Schema(ctx)
	switch {
	case err != nil:
		return fail("The database was never migrated: start the desk once, or run: foyer migrate", "%s", oneLine(err.Error()))
	case len(s.Unknown) > 0:
		return fail("The database was used by a later version of Foyer. Run that version, or restore a backup from before.", "migrations that this version does not know: %s", numbers(s.Unknown))
	case len(s.Pending) > 0:
		return warn("They are applied when the desk starts, or by: foyer migrate", "not applied yet: %s", numbers(s.Pending))
	}
	return good("up to date")
}

func numbers(list []int64) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(out, ", ")
}

// integrity looks through a SQLite file for damage.
func (e *examination) integrity(ctx context.Context) Finding {
	if e.db.Engine() == db.Postgres {
		return good("PostgreSQL looks after its own files")
	}
	ctx, cancel := context.WithTimeout(ctx, e.QuickCheck)
	defer cancel()
	faults, err := e.db.QuickCheck(ctx)
	switch {
	case ctx.Err() != nil:
		return warn("The database is large. To look through all of it, stop the desk and run: sqlite3 FILE 'PRAGMA quick_check'", "not looked through within %s", e.QuickCheck)
	case err != nil:
		return fail("Stop the desk, copy the data folder as it is, and restore a backup.", "%s", oneLine(err.Error()))
	case len(faults) > 0:
		return fail("Stop the desk, copy the data folder as it is, and restore a backup.", "it is damaged: %s", oneLine(strings.Join(faults, "; ")))
	}
	return good("no damage found")
}

// behind is how many texts may wait to be indexed: more are not indexed within seconds.
const behind = 1_000

// search says whether what is written is found.
func (e *examination) search(ctx context.Context) Finding {
	n, err := search.New(e.db, slog.New(slog.DiscardHandler), "doctor").Waiting(ctx)
	switch {
	case err != nil:
		return fail("Start the desk, which makes the index anew where it is lost; see its log.", "%s", oneLine(err.Error()))
	case n >= behind && e.running:
		return warn("The desk indexes the newest last: it catches up by itself. If the number does not fall, look into its log for “could not index for search”.", "%s texts are not indexed yet", counted(n))
	case n > 0:
		return good("%s texts are indexed while the desk runs", counted(n))
	}
	return good("up to date")
}

// counted writes a number that was counted up to 10,000.
func counted(n int64) string {
	if n >= 10_000 {
		return "10000 or more"
	}
	return strconv.FormatInt(n, 10)
}
