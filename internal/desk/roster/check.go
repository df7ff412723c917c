package roster

import (
	"context"
	"strconv"
	"strings"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// known is what rows are checked against: the desk's roles with what is in them, and its teams.
type known struct {
	roles map[string]role.Set
	teams map[string]bool
	may   role.Set // what who imports may grant
}

func (s *Service) known(ctx context.Context, actor *agent.Principal) (*known, error) {
	roles, err := s.roles.List(ctx)
	if err != nil {
		return nil, err
	}
	teams, err := s.teams.Compact(ctx)
	if err != nil {
		return nil, err
	}
	k := &known{roles: map[string]role.Set{}, teams: map[string]bool{}, may: actor.Permissions}
	for _, r := range roles {
		k.roles[r.Name] = role.SetOf(r.Permissions...)
		if r.Name == role.Admin {
			k.roles[r.Name] = role.SetOf(role.All...)
		}
	}
	for _, t := range teams {
		k.teams[t.Name] = true
	}
	return k, nil
}

// check returns the first reason to refuse a row, in the order that clients know, nil if there is none. Whether the
// address is taken is for the database to say.
func (k *known) check(r row) *reason {
	if r.Broken != nil {
		return r.Broken
	}
	for i, value := range []string{r.FirstName, r.LastName, r.Email, strings.Join(r.Roles, ",")} {
		if value == "" {
			return reasonOf(fault.Required(required[i]))
		}
	}
	if err := agent.CheckAddress(r.Email); err != nil {
		return reasonOf(err)
	}
	for field, names := range map[string][]string{"roles": r.Roles, "teams": r.Teams} {
		if len(names) > maxNames {
			return because(field, "import.error.too_many_names", "max", strconv.Itoa(maxNames))
		}
	}
	for _, name := range r.Roles {
		if _, ok := k.roles[name]; !ok {
			return because("roles", "import.error.no_role", "value", name)
		}
	}
	for _, name := range r.Teams {
		if !k.teams[name] {
			return because("teams", "import.error.no_team", "value", name)
		}
	}
	for _, name := range r.Roles {
		if k.roles[name]&^k.may != 0 {
			return because("roles", "import.error.cannot_grant", "value", name)
		}
	}
	for i, c := range []struct {
		text string
		max  int
	}{{r.FirstName, 140}, {r.LastName, 140}, {r.Email, 320}} {
		if len([]rune(c.text)) > c.max {
			return reasonOf(fault.TooLong(required[i], c.max))
		}
	}
	return nil
}

// Check reads a file and says of every row what an import would do with it. It changes nothing. Errors are those of
// Begin, and Invalid for a required column that is missing.
func (s *Service) Check(ctx context.Context, actor *agent.Principal, content []byte) (*Report, error) {
	rows, missing, err := parse(content)
	if err != nil {
		return nil, err
	}
	if missing != "" {
		return nil, fault.Field("file", "import.error.no_column", "value", missing)
	}
	k, err := s.known(ctx, actor)
	if err != nil {
		return nil, err
	}
	emails := make([]string, len(rows))
	for i, r := range rows {
		emails[i] = r.Email
	}
	taken, err := s.agents.Taken(ctx, emails)
	if err != nil {
		return nil, err
	}
	out := &Report{Total: len(rows), Lines: make([]Line, 0, len(rows))}
	for i, r := range rows {
		why := k.check(r)
		if why == nil && taken[r.Email] {
			why = reasonOf(fault.Duplicate("email", r.Email))
		}
		outcome := Refused
		if why == nil {
			outcome = Ready
			taken[r.Email] = true // for the rows after it
		}
		out.add(line(i+1, r, why, outcome))
	}
	return out, nil
}
