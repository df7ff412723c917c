package role

// Permission is one right, written object:action.
type Permission string

// The permissions, in the order in which they are shown.
const (
	ConversationsRead               Permission = "conversations:read"
	ConversationsReadAll            Permission = "conversations:read_all"
	ConversationsReadUnassigned     Permission = "conversations:read_unassigned"
	ConversationsReadAssigned       Permission = "conversations:read_assigned"
	ConversationsReadTeamInbox      Permission = "conversations:read_team_inbox"
	ConversationsReadTeamAll        Permission = "conversations:read_team_all"
	ConversationsUpdateUserAssignee Permission = "conversations:update_user_assignee"
	ConversationsUpdateTeamAssignee Permission = "conversations:update_team_assignee"
	ConversationsUpdatePriority     Permission = "conversations:update_priority"
	ConversationsUpdateStatus       Permission = "conversations:update_status"
	ConversationsUpdateTags         Permission = "conversations:update_tags"
	ConversationsDelete             Permission = "conversations:delete"
	ConversationsWrite              Permission = "conversations:write"
	MessagesRead                    Permission = "messages:read"
	MessagesWrite                   Permission = "messages:write"
	MessagesWriteAsContact          Permission = "messages:write_as_contact"
	ViewManage                      Permission = "view:manage"
	SharedViewsManage               Permission = "shared_views:manage"
	StatusManage                    Permission = "status:manage"
	TagsManage                      Permission = "tags:manage"
	MacrosManage                    Permission = "macros:manage"
	UsersManage                     Permission = "users:manage"
	TeamsManage                     Permission = "teams:manage"
	AutomationsManage               Permission = "automations:manage"
	InboxesManage                   Permission = "inboxes:manage"
	RolesManage                     Permission = "roles:manage"
	TemplatesManage                 Permission = "templates:manage"
	ReportsManage                   Permission = "reports:manage"
	BusinessHoursManage             Permission = "business_hours:manage"
	SLAManage                       Permission = "sla:manage"
	GeneralSettingsManage           Permission = "general_settings:manage"
	NotificationSettingsManage      Permission = "notification_settings:manage"
	OIDCManage                      Permission = "oidc:manage"
	AIManage                        Permission = "ai:manage"
	CustomAttributesManage          Permission = "custom_attributes:manage"
	ActivityLogsManage              Permission = "activity_logs:manage"
	WebhooksManage                  Permission = "webhooks:manage"
	ContextLinksManage              Permission = "context_links:manage"
	ContactsReadAll                 Permission = "contacts:read_all"
	ContactsRead                    Permission = "contacts:read"
	ContactsWrite                   Permission = "contacts:write"
	ContactsBlock                   Permission = "contacts:block"
	ContactsDelete                  Permission = "contacts:delete" // Foyer's addition
	ContactNotesRead                Permission = "contact_notes:read"
	ContactNotesWrite               Permission = "contact_notes:write"
	ContactNotesDelete              Permission = "contact_notes:delete"
)

// All lists every permission there is. The Admin role always has all of them.
var All = []Permission{
	ConversationsRead,
	ConversationsReadAll,
	ConversationsReadUnassigned,
	ConversationsReadAssigned,
	ConversationsReadTeamInbox,
	ConversationsReadTeamAll,
	ConversationsUpdateUserAssignee,
	ConversationsUpdateTeamAssignee,
	ConversationsUpdatePriority,
	ConversationsUpdateStatus,
	ConversationsUpdateTags,
	ConversationsDelete,
	ConversationsWrite,
	MessagesRead,
	MessagesWrite,
	MessagesWriteAsContact,
	ViewManage,
	SharedViewsManage,
	StatusManage,
	TagsManage,
	MacrosManage,
	UsersManage,
	TeamsManage,
	AutomationsManage,
	InboxesManage,
	RolesManage,
	TemplatesManage,
	ReportsManage,
	BusinessHoursManage,
	SLAManage,
	GeneralSettingsManage,
	NotificationSettingsManage,
	OIDCManage,
	AIManage,
	CustomAttributesManage,
	ActivityLogsManage,
	WebhooksManage,
	ContextLinksManage,
	ContactsReadAll,
	ContactsRead,
	ContactsWrite,
	ContactsBlock,
	ContactsDelete,
	ContactNotesRead,
	ContactNotesWrite,
	ContactNotesDelete,
}

// AgentDefaults are the permissions that the Agent role is seeded with.
var AgentDefaults = []Permission{
	ConversationsRead,
	ConversationsReadAll,
	ConversationsReadUnassigned,
	ConversationsReadAssigned,
	ConversationsReadTeamInbox,
	ConversationsReadTeamAll,
	ConversationsUpdateUserAssignee,
	ConversationsUpdateTeamAssignee,
	ConversationsUpdatePriority,
	ConversationsUpdateStatus,
	ConversationsUpdateTags,
	MessagesRead,
	MessagesWrite,
	ViewManage,
}

// Set is a set of permissions.
type Set uint64

var bits = func() map[Permission]Set {
	m := make(map[Permission]Set, len(All))
	for i, p := range All {
		m[p] = 1 << i
	}
	return m
}()

// SetOf returns the set of the permissions given; unknown ones are left out.
func SetOf(ps ...Permission) (s Set) {
	for _, p := range ps {
		s |= bits[p]
	}
	return s
}

// Has reports whether p is in the set. An unknown permission never is.
func (s Set) Has(p Permission) bool { return s&bits[p] != 0 }

// Known reports whether p is a permission of the catalogue.
func Known(p Permission) bool { return bits[p] != 0 }
