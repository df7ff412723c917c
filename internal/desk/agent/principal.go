package agent

import (
	"slices"
	"time"

	"github.com/foyerdesk/foyer/internal/desk/role"
)

// Method says how a request proved who makes it.
type Method string

// The ways to be known.
const (
	BySession Method = "session"
	ByAPIKey  Method = "api_key"
	ByProgram Method = "program" // Foyer itself: a channel, an automation, the command line
)

// Principal is who acts and what they may do, as of now. It is shared between requests and never changed.
type Principal struct {
	ID          int64
	Email       string
	FirstName   string
	LastName    string
	IsSystem    bool
	Permissions role.Set
	TeamIDs     []int64
	Method      Method
	Limit       *role.Set // of an API key that may not do all that its agent may; Permissions are within it
	SessionID   int64     // of the session, if that is how they are known
	Until       time.Time // when what they are known by ends unless it is used again; zero if it does not
	// MustEnrol is true while a role of the agent asks for a second factor and they have none: a session may then set
	// one up and do nothing else. API keys are not concerned.
	MustEnrol bool
	// Language is the code of the catalogue that the agent chose, "" for the desk's.
	Language string
}

// Can reports whether the principal has a permission.
func (p *Principal) Can(perm role.Permission) bool { return p.Permissions.Has(perm) }

// InTeam reports whether the principal is a member of a team.
func (p *Principal) InTeam(id int64) bool { return slices.Contains(p.TeamIDs, id) }

// Name returns the first and last name.
func (p *Principal) Name() string {
	if p.LastName == "" {
		return p.FirstName
	}
	return p.FirstName + " " + p.LastName
}

// Within returns a principal who may do no more than a limit; nil limits nothing. The receiver stays as it is.
func (p *Principal) Within(limit *role.Set) *Principal {
	if limit == nil {
		return p
	}
	limited := *p
	limited.Limit = limit
	limited.Permissions &= *limit
	return &limited
}
