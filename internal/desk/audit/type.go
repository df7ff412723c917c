package audit

// Type says what happened. Clients treat a type that they do not know as text; each has its sentence in the catalogue
// under "activity." and its name.
type Type string

// Signing in and out, and whether agents are there.
const (
	Login             Type = "agent_login"
	LoginFailed       Type = "agent_login_failed"
	Logout            Type = "agent_logout"
	SessionsRevoked   Type = "agent_sessions_revoked"
	PasswordSet       Type = "agent_password_set"
	PasswordLinkAsked Type = "agent_password_link_requested"
	PasswordReset     Type = "agent_password_reset"
	Online            Type = "agent_online"
	Away              Type = "agent_away"
	AwayReassigned    Type = "agent_away_reassigned"
)

// Second factors and other ways to sign in.
const (
	TwoFactorEnabled   Type = "agent_two_factor_enabled"
	TwoFactorDisabled  Type = "agent_two_factor_disabled"
	RecoveryCodesMade  Type = "agent_recovery_codes_generated"
	RecoveryCodeUsed   Type = "agent_recovery_code_used"
	PasskeyAdded       Type = "agent_passkey_added"
	PasskeyRenamed     Type = "agent_passkey_renamed"
	PasskeyRemoved     Type = "agent_passkey_removed"
	OIDCCreated        Type = "oidc_provider_created"
	OIDCUpdated        Type = "oidc_provider_updated"
	OIDCDeleted        Type = "oidc_provider_deleted"
	SSOOnlyEnabled     Type = "sso_only_enabled"
	SSOOnlyDisabled    Type = "sso_only_disabled"
	IdentitiesUnlinked Type = "agent_identities_unlinked"
	KeyGenerated       Type = "agent_api_key_generated"
	KeyUpdated         Type = "agent_api_key_updated"
	KeyRevoked         Type = "agent_api_key_revoked"
	AgentsImported     Type = "agents_imported"
	EncryptionReplaced Type = "encryption_key_rotated"
)

// Agents, roles and teams.
const (
	AgentCreated       Type = "agent_created"
	AgentUpdated       Type = "agent_updated"
	AgentDisabled      Type = "agent_disabled"
	AgentEnabled       Type = "agent_enabled"
	AgentDeleted       Type = "agent_deleted"
	AgentInvited       Type = "agent_invited"
	AgentRolesChanged  Type = "agent_roles_changed"
	RoleCreated        Type = "role_created"
	RoleUpdated        Type = "role_updated"
	PermissionsChanged Type = "agent_role_permissions_changed"
	RoleDeleted        Type = "role_deleted"
	TeamCreated        Type = "team_created"
	TeamUpdated        Type = "team_updated"
	TeamDeleted        Type = "team_deleted"
)

// Customers and what they wrote.
const (
	ConversationMerged   Type = "conversation_merged"
	ConversationUnmerged Type = "conversation_unmerged"
	ConversationSplit    Type = "conversation_split"
	ConversationDeleted  Type = "conversation_deleted"
	NoteRestored         Type = "note_restored"
	ReplyResent          Type = "reply_resent"
	ReplyReaddressed     Type = "reply_readdressed"
	ReplyCancelled       Type = "reply_cancelled"
	ContactCreated       Type = "contact_created"
	ContactUpdated       Type = "contact_updated"
	ContactBlocked       Type = "contact_blocked"
	ContactUnblocked     Type = "contact_unblocked"
	ContactMerged        Type = "contact_merged"
	ContactDeleted       Type = "contact_deleted"
	ContactNoteDeleted   Type = "contact_note_deleted"
	ContactsExported     Type = "contacts_exported"
	OrganizationCreated  Type = "organization_created"
	OrganizationUpdated  Type = "organization_updated"
	OrganizationDeleted  Type = "organization_deleted"
)

// The desk: its settings, its inboxes, what leaves it and what is destroyed.
const (
	GeneralSettingsChanged Type = "general_settings_changed"
	EmailSettingsChanged   Type = "email_notification_settings_changed"
	EmailSettingsTested    Type = "email_notification_settings_tested"
	InboxCreated           Type = "inbox_created"
	InboxUpdated           Type = "inbox_updated"
	InboxDeleted           Type = "inbox_deleted"
	InboxTested            Type = "inbox_tested"
	MailReleased           Type = "mail_released"
	TemplateCreated        Type = "template_created"
	TemplateUpdated        Type = "template_updated"
	TemplateDeleted        Type = "template_deleted"
	TemplateTested         Type = "template_tested"
	ActivityExported       Type = "activity_log_exported"
	RetentionChanged       Type = "activity_log_retention_changed"
	Pruned                 Type = "activity_log_pruned"
	DataExported           Type = "data_exported"
	DataDeleted            Type = "data_deleted"
)

// What agents choose from: statuses, tags, custom attributes and shared views.
const (
	StatusCreated     Type = "status_created"
	StatusUpdated     Type = "status_updated"
	StatusDeleted     Type = "status_deleted"
	TagCreated        Type = "tag_created"
	TagUpdated        Type = "tag_updated"
	TagDeleted        Type = "tag_deleted"
	TagsImported      Type = "tags_imported"
	AttributeCreated  Type = "custom_attribute_created"
	AttributeUpdated  Type = "custom_attribute_updated"
	AttributeDeleted  Type = "custom_attribute_deleted"
	SharedViewCreated Type = "shared_view_created"
	SharedViewUpdated Type = "shared_view_updated"
	SharedViewDeleted Type = "shared_view_deleted"
)

// Types are all of them, in the order in which a person would look for one.
var Types = []Type{
	Login, LoginFailed, Logout, SessionsRevoked, PasswordSet, PasswordLinkAsked, PasswordReset, Online, Away, AwayReassigned,
	TwoFactorEnabled, TwoFactorDisabled, RecoveryCodesMade, RecoveryCodeUsed, PasskeyAdded, PasskeyRenamed, PasskeyRemoved,
	OIDCCreated, OIDCUpdated, OIDCDeleted, SSOOnlyEnabled, SSOOnlyDisabled, IdentitiesUnlinked, KeyGenerated, KeyUpdated, KeyRevoked,
	AgentCreated, AgentUpdated, AgentDisabled, AgentEnabled, AgentDeleted, AgentRolesChanged, AgentInvited, AgentsImported,
	ConversationMerged, ConversationUnmerged, ConversationSplit, ConversationDeleted, NoteRestored, ReplyResent, ReplyReaddressed, ReplyCancelled,
	RoleCreated, RoleUpdated, PermissionsChanged, RoleDeleted, TeamCreated, TeamUpdated, TeamDeleted,
	ContactCreated, ContactUpdated, ContactBlocked, ContactUnblocked, ContactMerged, ContactDeleted, ContactNoteDeleted, ContactsExported,
	OrganizationCreated, OrganizationUpdated, OrganizationDeleted,
	GeneralSettingsChanged, EmailSettingsChanged, EmailSettingsTested, InboxCreated, InboxUpdated, InboxDeleted, InboxTested, MailReleased,
	TemplateCreated, TemplateUpdated, TemplateDeleted, TemplateTested,
	StatusCreated, StatusUpdated, StatusDeleted, TagCreated, TagUpdated, TagDeleted, TagsImported,
	AttributeCreated, AttributeUpdated, AttributeDeleted, SharedViewCreated, SharedViewUpdated, SharedViewDeleted,
	ActivityExported, DataExported, DataDeleted, EncryptionReplaced,
	RetentionChanged, Pruned,
}
