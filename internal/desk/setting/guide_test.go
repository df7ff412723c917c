package setting_test

import (
	"errors"
	"testing"

	"github.com/foyerdesk/foyer/internal/desk/setting"
	"github.com/foyerdesk/foyer/internal/platform/db"
	"github.com/foyerdesk/foyer/internal/platform/db/dbtest"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

func TestTheGuideGoesOnWhereItWasLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := setting.New(d, "https://desk.test", []string{"en-US"})
		if g, err := s.Guide(t.Context()); err != nil || g != (setting.Guide{Step: "desk"}) {
			t.Errorf("of a new desk: %+v, %v", g, err)
		}
		for _, want := range []setting.Guide{{State: setting.GuideOpen, Step: "mailbox"}, {State: setting.GuideDismissed, Step: "colleagues"}} {
			if err := s.SetGuide(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			if g, err := s.Guide(t.Context()); err != nil || g != want {
				t.Errorf("%+v, %v, want %+v", g, err, want)
			}
		}
		for field, g := range map[string]setting.Guide{"state": {State: "later", Step: "desk"}, "step": {State: setting.GuideOpen, Step: "tea"}} {
			var refused *fault.Error
			if err := s.SetGuide(t.Context(), g); !errors.As(err, &refused) || refused.Field != field {
				t.Errorf("%+v: %v", g, err)
			}
		}
	})
}
