package setting

import "testing"

func TestAReadThatBeganBeforeAChangeDoesNotTakeItBack(t *testing.T) {
	s := New(nil, "https://desk.test", []string{"en-US"})
	before, after := Defaults("https://desk.test"), Defaults("https://desk.test")
	after.Timezone = "Asia/Kolkata"
	s.keep(2, after, nil)
	if g := s.keep(1, before, nil); g.Timezone != "Asia/Kolkata" {
		t.Errorf("the older read answers %s", g.Timezone)
	}
	if g := s.General(t.Context()); g.Timezone != "Asia/Kolkata" {
		t.Errorf("the older read is kept: %s", g.Timezone)
	}
}
