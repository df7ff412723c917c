package agent

import "testing"

func TestHashesOutsideOfTestsCostWhatOWASPAsksFor(t *testing.T) {
	if c := costOf(false); c.memory < 19<<10 || c.passes < 2 {
		t.Errorf("%+v", c)
	}
}
