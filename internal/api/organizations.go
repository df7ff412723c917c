package api

import (
	"context"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/organization"
	"github.com/foyerdesk/foyer/internal/desk/role"
)

// OrganizationListInput is the query of the list of organizations.
type OrganizationListInput struct {
	Paging
	Search string `query:"q" doc:"A part of the name, or the beginning of a domain"`
	Cursor string `query:"cursor" doc:"next_cursor of the page before, instead of page"`
}

type organizationBody struct {
	Name    *string   `json:"name,omitempty"`
	Domains *[]string `json:"domains,omitempty" doc:"Domains of mail, such as acme.com; those of public providers are refused"`
	Note    *string   `json:"note,omitempty"`
}

func (b organizationBody) edit() organization.Edit {
	return organization.Edit{Name: b.Name, Domains: b.Domains, Note: b.Note}
}

// Organizations registers the routes of organizations, with their contacts and conversations.
func Organizations(a *API) {
	s := a.Deps.Organizations
	route(a, http.MethodGet, "/organizations", "Organizations by name", need(role.ContactsRead),
		func(ctx context.Context, _ *agent.Principal, in *OrganizationListInput) (*organization.Page, error) {
			q := organization.Query{Search: in.Search, Cursor: in.Cursor}
			q.Page, q.PageSize = in.values()
			return s.List(ctx, q)
		})
	route(a, http.MethodPost, "/organizations", "Add an organization, to which the contacts of its domains belong", need(role.ContactsWrite),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body organizationBody }) (*organization.Organization, error) {
			return s.Create(ctx, p, in.Body.edit())
		})
	route(a, http.MethodGet, "/organizations/{id}", "One organization", need(role.ContactsRead),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (*organization.Organization, error) {
			return withID(in.ID, func(id int64) (*organization.Organization, error) { return s.Get(ctx, id) })
		})
	route(a, http.MethodPatch, "/organizations/{id}", "Change some fields of an organization", need(role.ContactsWrite),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body organizationBody
		}) (*organization.Organization, error) {
			return withID(in.ID, func(id int64) (*organization.Organization, error) { return s.Update(ctx, p, id, in.Body.edit()) })
		})
	route(a, http.MethodDelete, "/organizations/{id}", "Delete an organization; its contacts belong to none then", need(role.ContactsDelete),
		func(ctx context.Context, p *agent.Principal, in *IDPath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) {
				err := s.Delete(ctx, p, id)
				return err == nil, err
			})
		})
	route(a, http.MethodGet, "/organizations/{id}/contacts", "The contacts of an organization", need(role.ContactsReadAll),
		func(ctx context.Context, _ *agent.Principal, in *struct {
			ContactListInput
			ID string `path:"id"`
		}) (*contact.Page, error) {
			return withID(in.ID, func(id int64) (*contact.Page, error) {
				if _, err := s.Get(ctx, id); err != nil {
					return nil, err
				}
				q := contact.Query{Filters: in.Filters, OrderBy: in.OrderBy, Order: in.Order, Cursor: in.Cursor, Location: a.Settings.General(ctx).Location(), OrganizationID: id}
				q.Page, q.PageSize = in.values()
				return a.Deps.Contacts.List(ctx, q)
			})
		})
	route(a, http.MethodGet, "/organizations/{id}/conversations", "The conversations of an organization's contacts, those that the caller may read", need(role.ContactsRead),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ListInput
			ID string `path:"id"`
		}) (conversationPage, error) {
			return withID(in.ID, func(id int64) (conversationPage, error) {
				if _, err := s.Get(ctx, id); err != nil {
					return nil, err
				}
				q := in.query(conversation.OfOrganization, 0)
				q.OrganizationID = id
				return a.Conversations.List(ctx, p, q)
			})
		})
}
