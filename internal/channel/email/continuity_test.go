package email

import (
	"encoding/json"
	"testing"
	"time"
)

func TestChatsGoOnByWhatTheirInboxSaysOrByDefault(t *testing.T) {
	for config, want := range map[string]struct {
		offline, interval time.Duration
		most              int
		website           string
	}{
		`{}`: {10 * time.Minute, 15 * time.Minute, 10, ""},
		`{"website_url":"https://shop.test/a?b=1","continuity":{"offline_threshold":"2m","min_email_interval":"1h","max_messages_per_email":100}}`: {2 * time.Minute, time.Hour, 100, "https://shop.test/a?b=1"},
		`{"website_url":"javascript:alert(1)","continuity":{"offline_threshold":"90s","min_email_interval":"59s","max_messages_per_email":101}}`:   {time.Minute, 15 * time.Minute, 10, ""},
		`{"website_url":"https:","continuity":{"offline_threshold":"soon","min_email_interval":"-5m","max_messages_per_email":-1}}`:                {10 * time.Minute, 15 * time.Minute, 10, ""},
	} {
		var cfg chatConfig
		if err := json.Unmarshal([]byte(config), &cfg); err != nil {
			t.Fatal(err)
		}
		c := cfg.continuity()
		if c.OfflineAfter != want.offline || c.Interval != want.interval || c.Most != want.most || cfg.website() != want.website {
			t.Errorf("%s: %+v, %q", config, c, cfg.website())
		}
	}
}
