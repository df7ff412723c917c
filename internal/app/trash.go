package app

import (
	"context"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/platform/jobs"
)

// trashJob deletes for good what has been in the trash for as long as the settings say.
type trashJob struct{}

func (trashJob) Kind() string { return "conversation.purge_trash" }

// eraseJob erases what the event log tells of conversations that were deleted for good.
type eraseJob struct{}

func (eraseJob) Kind() string { return "events.erase" }

// scheduleTrash registers what deletes conversations in the trash, and the files of those that were deleted.
func (a *App) scheduleTrash() {
	jobs.Handle(a.jobs, func(ctx context.Context, job conversation.DiscardJob) error {
		for _, name := range job.Blobs {
			if err := a.blobs.Delete(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
	jobs.Handle(a.jobs, a.Conversations.PurgeContact)
	jobs.Handle(a.jobs, func(ctx context.Context, _ trashJob) error {
		n, err := a.Conversations.PurgeTrash(ctx, int(a.Settings.General(ctx).TrashRetentionDays))
		if n > 0 {
			a.log.Info("deleted what was in the trash for long", "conversations", n)
		}
		return err
	})
	jobs.Handle(a.jobs, func(ctx context.Context, _ eraseJob) error {
		n, err := a.events.EraseDue(ctx)
		if n > 0 {
			a.log.Info("erased the events of deleted conversations", "events", n)
		}
		return err
	})
	a.jobs.Every(5*time.Minute, trashJob{})
	a.jobs.Every(time.Minute, eraseJob{})
}
