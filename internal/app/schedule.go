package app

import (
	"context"
	"errors"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/audit"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// The periodic jobs.
type (
	chatsJob   struct{}
	sweepJob   struct{}
	collectJob struct{}
	draftsJob  struct{}
	pruneJob   struct{}
)

func (chatsJob) Kind() string   { return "email.continue_chats" }
func (sweepJob) Kind() string   { return "agent.availability_sweep" }
func (collectJob) Kind() string { return "media.collect" }
func (draftsJob) Kind() string  { return "conversation.clean_drafts" }
func (pruneJob) Kind() string   { return "audit.prune" }

// draftsKept is how long a draft is kept that nobody changes.
const draftsKept = 360 * time.Hour

func (a *App) schedule() {
	jobs.Handle(a.jobs, a.Conversations.Wake)
	jobs.Handle(a.jobs, a.mail.KeepSent)
	jobs.Handle(a.jobs, a.Conversations.ForgetNote)
	jobs.Handle(a.jobs, a.Conversations.Release)
	a.scheduleTrash()
	jobs.Handle(a.jobs, func(ctx context.Context, _ sweepJob) error {
		_, err := a.Agents.Sweep(ctx)
		return err
	})
	jobs.Handle(a.jobs, func(ctx context.Context, _ collectJob) error {
		n, err := a.Media.CollectUnlinked(ctx)
		if n > 0 {
			a.log.Info("collected files that nothing refers to", "files", n)
		}
		_, old := a.pictures.Collect(ctx)
		return errors.Join(err, old)
	})
	jobs.Handle(a.jobs, func(ctx context.Context, _ draftsJob) error {
		_, err := a.Conversations.CleanDrafts(ctx, draftsKept)
		return err
	})
	jobs.Handle(a.jobs, func(ctx context.Context, _ pruneJob) error {
		n, err := audit.NewLog(a.DB).Prune(ctx)
		if n > 0 {
			a.log.Info("deleted old entries of the activity log", "entries", n)
		}
		return errors.Join(err, contact.ForgetVisits(ctx, a.DB))
	})
	jobs.Handle(a.jobs, func(ctx context.Context, _ chatsJob) error { return a.mail.ContinueChats(ctx) })
	a.jobs.Every(a.cfg.ContinuityScanInterval, chatsJob{})
	a.jobs.Every(time.Minute, sweepJob{})
	a.jobs.Every(24*time.Hour, pruneJob{})
	a.jobs.Every(2*time.Hour, draftsJob{})
	a.jobs.Every(12*time.Hour, collectJob{})
}
