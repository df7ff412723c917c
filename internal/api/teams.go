package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/desk/team"
)

type teamBody struct {
	Name                         string  `json:"name,omitempty"`
	Emoji                        *string `json:"emoji,omitempty"`
	Timezone                     string  `json:"timezone,omitempty"`
	ConversationAssignmentType   string  `json:"conversation_assignment_type,omitempty" doc:"Round robin or Manual"`
	BusinessHoursID              *int64  `json:"business_hours_id,omitempty"`
	SLAPolicyID                  *int64  `json:"sla_policy_id,omitempty"`
	MaxAutoAssignedConversations int64   `json:"max_auto_assigned_conversations,omitempty"`
}

// Teams registers the routes of teams.
func Teams(a *API) {
	s := a.Teams
	route(a, http.MethodGet, "/teams", "All teams", need(role.TeamsManage),
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]team.Team, error) { return s.List(ctx) })
	route(a, http.MethodGet, "/teams/compact", "Teams, for pickers", anyone,
		func(ctx context.Context, _ *agent.Principal, _ *struct{}) ([]team.Compact, error) {
			return s.Compact(ctx)
		})
	route(a, http.MethodGet, "/teams/{id}", "One team", need(role.TeamsManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (t team.Team, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return t, err
			}
			return s.Get(ctx, id)
		})
	route(a, http.MethodGet, "/teams/{id}/members", "The agents of a team", need(role.TeamsManage),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) ([]team.Member, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return nil, err
			}
			return s.Members(ctx, id)
		})
	route(a, http.MethodPost, "/teams", "Create a team", need(role.TeamsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct{ Body teamBody }) (team.Team, error) {
			return s.Create(ctx, team.Edit(in.Body))
		})
	route(a, http.MethodPut, "/teams/{id}", "Replace what a team is", need(role.TeamsManage),
		func(ctx context.Context, _ *agent.Principal, in *struct {
			IDPath
			Body teamBody
		}) (t team.Team, err error) {
			id, err := pathID(in.ID)
			if err != nil {
				return t, err
			}
			return s.Update(ctx, id, team.Edit(in.Body))
		})
	route(a, http.MethodDelete, "/teams/{id}", "Delete a team", need(role.TeamsManage),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			id, err := pathID(in.ID)
			if err != nil {
				return false, err
			}
			return true, s.Delete(ctx, id, a.Conversations.UnassignTeam(p))
		})
}
