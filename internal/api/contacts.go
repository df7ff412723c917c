package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/foyerdesk/foyer/internal/desk/agent"
	"github.com/foyerdesk/foyer/internal/desk/contact"
	"github.com/foyerdesk/foyer/internal/desk/conversation"
	"github.com/foyerdesk/foyer/internal/desk/role"
	"github.com/foyerdesk/foyer/internal/platform/fault"
)

// attributeValues are custom attributes by their keys.
type attributeValues = map[string]json.RawMessage

// ContactListInput is the query of the list of contacts.
type ContactListInput struct {
	Paging
	Filters string `query:"filters" doc:"Conditions on users: email, created_at, updated_at"`
	OrderBy string `query:"order_by" doc:"users.created_at, users.updated_at or users.email; the newest first unless given"`
	Order   string `query:"order" doc:"asc or desc"`
	Cursor  string `query:"cursor" doc:"next_cursor of the page before, instead of page"`
}

type contactBody struct {
	Email                  string          `json:"email,omitempty"`
	FirstName              string          `json:"first_name,omitempty"`
	LastName               string          `json:"last_name,omitempty"`
	PhoneNumber            string          `json:"phone_number,omitempty"`
	PhoneNumberCountryCode string          `json:"phone_number_country_code,omitempty"`
	Country                string          `json:"country,omitempty"`
	ExternalUserID         string          `json:"external_user_id,omitempty"`
	OrganizationID         *int64          `json:"organization_id,omitempty" doc:"0 for none; left out, that of the domain of the address"`
	CustomAttributes       attributeValues `json:"custom_attributes,omitempty"`
}

type contactPatch struct {
	Email                  *string         `json:"email,omitempty"`
	FirstName              *string         `json:"first_name,omitempty"`
	LastName               *string         `json:"last_name,omitempty" doc:"An empty text is none, here and in the fields below"`
	PhoneNumber            *string         `json:"phone_number,omitempty"`
	PhoneNumberCountryCode *string         `json:"phone_number_country_code,omitempty"`
	Country                *string         `json:"country,omitempty"`
	OrganizationID         *int64          `json:"organization_id,omitempty" doc:"0 for none"`
	CustomAttributes       attributeValues `json:"custom_attributes,omitempty" doc:"Attributes to set; the others stay"`
}

// Contacts registers the routes of contacts, the notes about them, and the custom attributes of conversations.
func Contacts(a *API) {
	s := a.Deps.Contacts
	route(a, http.MethodGet, "/contacts", "Contacts and visitors that have an email address", need(role.ContactsReadAll),
		func(ctx context.Context, _ *agent.Principal, in *ContactListInput) (*contact.Page, error) {
			q := contact.Query{Filters: in.Filters, OrderBy: in.OrderBy, Order: in.Order, Cursor: in.Cursor, Location: a.Settings.General(ctx).Location()}
			q.Page, q.PageSize = in.values()
			return s.List(ctx, q)
		})
	route(a, http.MethodPost, "/contacts", "Add a contact", need(role.ContactsWrite),
		func(ctx context.Context, p *agent.Principal, in *struct{ Body contactBody }) (*contact.Detail, error) {
			b := in.Body
			return s.Create(ctx, p, contact.Edit{Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, PhoneNumber: b.PhoneNumber,
				PhoneNumberCountryCode: b.PhoneNumberCountryCode, Country: b.Country, ExternalUserID: b.ExternalUserID, Organization: b.OrganizationID, Attributes: b.CustomAttributes})
		})
	route(a, http.MethodGet, "/contacts/{id}", "One contact or visitor", need(role.ContactsRead),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) (*contact.Detail, error) {
			return withID(in.ID, func(id int64) (*contact.Detail, error) { return s.Get(ctx, id) })
		})
	route(a, http.MethodPatch, "/contacts/{id}", "Change some fields of a contact", need(role.ContactsWrite),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body contactPatch
		}) (*contact.Detail, error) {
			b := in.Body
			return withID(in.ID, func(id int64) (*contact.Detail, error) {
				return s.Update(ctx, p, id, contact.Patch{Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, PhoneNumber: b.PhoneNumber,
					PhoneNumberCountryCode: b.PhoneNumberCountryCode, Country: b.Country, Organization: b.OrganizationID, Attributes: b.CustomAttributes})
			})
		})
	route(a, http.MethodPut, "/contacts/{id}/block", "Block a contact, or let them write again", need(role.ContactsBlock),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body struct {
				Enabled bool `json:"enabled,omitempty" doc:"false, or left out, blocks"`
			}
		}) (*contact.Detail, error) {
			return withID(in.ID, func(id int64) (*contact.Detail, error) { return s.SetEnabled(ctx, p, id, in.Body.Enabled) })
		})
	route(a, http.MethodPost, "/contacts/{id}/merge", "Make all that is a contact's another's", need(role.ContactsWrite),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body struct {
				Into int64 `json:"into,omitempty" doc:"Id of the contact that stays"`
			}
		}) (*contact.Detail, error) {
			return withID(in.ID, func(id int64) (*contact.Detail, error) {
				if in.Body.Into <= 0 {
					return nil, fault.Required("into")
				}
				return s.Merge(ctx, p, id, in.Body.Into)
			})
		})
	route(a, http.MethodGet, "/contacts/{id}/twins", "Contacts who may be the same person, with the reasons", need(role.ContactsWrite),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) ([]contact.Twin, error) {
			return withID(in.ID, func(id int64) ([]contact.Twin, error) { return s.Twins(ctx, id) })
		})
	route(a, http.MethodDelete, "/contacts/{id}/twins/{other}", "Say that two contacts are two people", need(role.ContactsWrite),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ID    string `path:"id"`
			Other string `path:"other"`
		}) (done, error) {
			return withID(in.ID, func(id int64) (done, error) {
				other, err := pathID(in.Other)
				if err != nil {
					return false, err
				}
				err = s.TellApart(ctx, p, id, other)
				return err == nil, err
			})
		})
	route(a, http.MethodDelete, "/contacts/{id}", "Erase a contact", need(role.ContactsDelete),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Conversations string `query:"conversations" doc:"What becomes of their conversations: keep leaves them, under \"Deleted contact\"; delete has them deleted for good, and needs conversations:delete and conversations:read_all"`
		}) (done, error) {
			return withID(in.ID, func(id int64) (done, error) {
				err := s.Erase(ctx, p, id, contact.Fate(in.Conversations))
				return err == nil, err
			})
		})
	route(a, http.MethodGet, "/contacts/{id}/conversations", "A contact's conversations, those that the caller may read", need(role.ContactsRead),
		func(ctx context.Context, p *agent.Principal, in *struct {
			ListInput
			ID string `path:"id"`
		}) (conversationPage, error) {
			return withID(in.ID, func(id int64) (conversationPage, error) {
				q := in.query(conversation.OfContact, 0)
				if q.ContactID = id; q.OrderBy == "" {
					q.OrderBy = "conversations.created_at"
				}
				return a.Conversations.List(ctx, p, q)
			})
		})
	contactBulk(a)
	contactNotes(a)
	customAttributeValues(a)
	a.replaceContact()
	a.exportContacts()
}

// bulkContacts is what became of several contacts.
type bulkContacts struct {
	Done      []int64          `json:"done" doc:"Ids of those that were changed"`
	Unchanged []int64          `json:"unchanged" doc:"Ids of those that were so already"`
	Refused   []refusedContact `json:"refused"`
}

type refusedContact struct {
	ID      int64  `json:"id"`
	Message string `json:"message"`
}

func contactBulk(a *API) {
	route(a, http.MethodPost, "/contacts/bulk", "Block, unblock or erase several contacts", need(role.ContactsReadAll),
		func(ctx context.Context, p *agent.Principal, in *struct {
			Body struct {
				IDs           []int64 `json:"ids,omitempty" doc:"At most 100"`
				Action        string  `json:"action,omitempty" doc:"block, unblock or delete"`
				Conversations string  `json:"conversations,omitempty" doc:"With delete: keep or delete, as of DELETE /contacts/{id}"`
			}
		}) (bulkContacts, error) {
			b := in.Body
			out := bulkContacts{Done: []int64{}, Unchanged: []int64{}, Refused: []refusedContact{}}
			result, err := a.Deps.Contacts.Bulk(ctx, p, contact.BulkAction(b.Action), b.IDs, contact.Fate(b.Conversations))
			if err != nil {
				return out, err
			}
			out.Done, out.Unchanged = append(out.Done, result.Done...), append(out.Unchanged, result.Unchanged...)
			for _, r := range result.Refused {
				out.Refused = append(out.Refused, refusedContact{r.ID, a.say(ctx, r.Why.Key, r.Why.Params)})
			}
			return out, nil
		})
}

// notePath is the path of a note about a contact.
type notePath struct {
	ID   string `path:"id"`
	Note string `path:"note"`
}

func contactNotes(a *API) {
	s := a.Deps.Contacts
	route(a, http.MethodGet, "/contacts/{id}/notes", "Notes about a contact, the newest first", need(role.ContactNotesRead),
		func(ctx context.Context, _ *agent.Principal, in *IDPath) ([]contact.Note, error) {
			return withID(in.ID, func(id int64) ([]contact.Note, error) { return s.Notes(ctx, id) })
		})
	route(a, http.MethodPost, "/contacts/{id}/notes", "Add a note about a contact", need(role.ContactNotesWrite),
		func(ctx context.Context, p *agent.Principal, in *struct {
			IDPath
			Body struct {
				Note string `json:"note,omitempty" doc:"HTML; it is sanitised"`
			}
		}) (contact.Note, error) {
			return withID(in.ID, func(id int64) (contact.Note, error) { return s.AddNote(ctx, p, id, in.Body.Note) })
		})
	route(a, http.MethodDelete, "/contacts/{id}/notes/{note}", "Delete a note about a contact", need(role.ContactNotesDelete),
		func(ctx context.Context, p *agent.Principal, in *notePath) (done, error) {
			return withID(in.ID, func(id int64) (done, error) {
				note, err := pathID(in.Note)
				if err != nil {
					return false, err
				}
				err = s.DeleteNote(ctx, p, id, note)
				if fault.Is(err, fault.Forbidden) { // clients know this one as InputException
					refused := a.problem(ctx, err)
					refused.ErrorType = "InputException"
					return false, refused
				}
				return err == nil, err
			})
		})
}

func customAttributeValues(a *API) {
	type input struct {
		ConversationPath
		Body attributeValues `required:"false" nullable:"true"`
	}
	route(a, http.MethodPut, "/conversations/{uuid}/custom-attributes", "Replace the custom attributes of a conversation", anyone,
		func(ctx context.Context, p *agent.Principal, in *input) (done, error) {
			err := a.Conversations.SetAttributes(ctx, p, in.UUID, in.Body)
			return err == nil, err
		})
	route(a, http.MethodPut, "/conversations/{uuid}/contacts/custom-attributes", "Set custom attributes of a conversation's contact; the others stay", anyone,
		func(ctx context.Context, p *agent.Principal, in *input) (done, error) {
			id, err := a.Conversations.ContactIDOf(ctx, p, in.UUID)
			if err != nil {
				return false, err
			}
			err = a.Deps.Contacts.SetAttributes(ctx, p, id, in.Body)
			return err == nil, err
		})
}
