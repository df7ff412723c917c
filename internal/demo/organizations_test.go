package demo

import (
	"strings"
	"testing"
)

func TestEveryOrganizationOfTheDemoHasPeople(t *testing.T) {
	for _, o := range Organizations {
		people := map[string]bool{}
		for _, s := range stories {
			for _, p := range s.people {
				if strings.HasSuffix(p.email, "@"+(*o.Domains)[0]) {
					people[p.email] = true
				}
			}
		}
		if len(people) == 0 {
			t.Errorf("nobody writes from %s", *o.Name)
		}
	}
}
