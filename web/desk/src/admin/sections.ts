import { Building2, CircleDot, Eye, History, IdCard, Inbox, KeyRound, LayoutTemplate, MailCheck, Send, Tags, TextCursorInput, Users, UsersRound } from '@lucide/vue'
import { i18n, t, type MessageKey } from '@ui/i18n'
import type { Component } from 'vue'
import { allPermissions } from './roles/permissions'

/** A setting that can be searched for, by its label and by the help that stands beside it (the key `<label>.help`). */
export interface SettingEntry {
  label: MessageKey
  /** Choices of the setting: each of them finds it, too. */
  choices?: readonly MessageKey[]
  /** The field on the page, when the page shows it at once. */
  field?: string
}

export interface Section {
  id: string
  group: MessageKey
  title: MessageKey
  /** What the section is for; searched too. */
  text: MessageKey
  path: string
  permission: string
  icon: Component
  settings: readonly SettingEntry[]
}

/** The sections of the administration, in the order in which they are listed. */
export const sections: readonly Section[] = [
  {
    id: 'general',
    group: 'admin.group.desk',
    title: 'admin.general.title',
    text: 'admin.general.text',
    path: '/admin/general',
    permission: 'general_settings:manage',
    icon: Building2,
    settings: [
      { label: 'admin.general.site_name', field: 'app.site_name' },
      { label: 'admin.general.lang', field: 'app.lang' },
      { label: 'admin.general.timezone', field: 'app.timezone' },
      { label: 'admin.general.root_url', field: 'app.root_url' },
      { label: 'admin.general.logo_url', field: 'app.logo_url' },
      { label: 'admin.general.favicon_url', field: 'app.favicon_url' },
      { label: 'admin.general.upload_size', field: 'app.max_file_upload_size' },
      { label: 'admin.general.extensions', field: 'app.allowed_file_upload_extensions' },
      { label: 'admin.general.show_subject', field: 'app.show_conversation_subject' },
      { label: 'admin.general.trash_retention', field: 'app.trash_retention_days' },
    ],
  },
  {
    id: 'notification',
    group: 'admin.group.desk',
    title: 'admin.ownmail.title',
    text: 'admin.ownmail.text',
    path: '/admin/notification',
    permission: 'notification_settings:manage',
    icon: MailCheck,
    settings: [
      { label: 'admin.ownmail.enabled', field: 'notification.email.enabled' },
      { label: 'admin.ownmail.address', field: 'notification.email.email_address' },
      { label: 'admin.ownmail.retries', field: 'notification.email.max_msg_retries' },
      { label: 'admin.ownmail.wait_timeout', field: 'notification.email.wait_timeout' },
      { label: 'admin.inbox.smtp' },
      { label: 'admin.ownmail.test' },
    ],
  },
  {
    id: 'inboxes',
    group: 'admin.group.channels',
    title: 'admin.inboxes.title',
    text: 'admin.inboxes.text',
    path: '/admin/inboxes',
    permission: 'inboxes:manage',
    icon: Inbox,
    settings: [
      { label: 'admin.inbox.name' },
      { label: 'admin.inbox.enabled' },
      { label: 'admin.inbox.from' },
      { label: 'admin.inbox.from_name_template' },
      { label: 'admin.inbox.reply_to' },
      { label: 'admin.inbox.signature' },
      { label: 'admin.inbox.quote_history' },
      { label: 'admin.inbox.sent_copy' },
      { label: 'admin.inbox.sent_folder' },
      { label: 'admin.inbox.keep_automatic' },
      { label: 'admin.inbox.relays' },
      { label: 'admin.inbox.prompt_tags' },
      { label: 'admin.inbox.plus' },
      { label: 'admin.inbox.imap' },
      { label: 'admin.inbox.smtp' },
      { label: 'admin.test.mail' },
      { label: 'admin.inbox.host' },
      { label: 'admin.inbox.port' },
      { label: 'admin.inbox.tls' },
      { label: 'admin.inbox.skip_verify' },
      { label: 'admin.inbox.auth' },
      { label: 'admin.inbox.username' },
      { label: 'admin.inbox.password' },
      { label: 'admin.inbox.mailbox' },
      { label: 'admin.inbox.read_interval' },
      { label: 'admin.inbox.scan_since' },
      { label: 'admin.inbox.hello' },
      { label: 'admin.inbox.max_conns' },
      { label: 'admin.pace' },
      { label: 'admin.inbox.idle_timeout' },
      { label: 'admin.inbox.pool_timeout' },
      { label: 'admin.health.title' },
      { label: 'admin.mail.older' },
      { label: 'admin.mail.older.from' },
      { label: 'admin.mail.older.day' },
      { label: 'admin.mail.sender' },
      { label: 'admin.oauth.client_id' },
      { label: 'admin.oauth.client_secret' },
      { label: 'admin.oauth.tenant' },
      { label: 'admin.oauth.redirect' },
      { label: 'admin.oauth.reconnect' },
    ],
  },
  {
    id: 'outbox',
    group: 'admin.group.channels',
    title: 'admin.outbox.title',
    text: 'admin.outbox.text',
    path: '/admin/outbox',
    permission: 'inboxes:manage',
    icon: Send,
    settings: [{ label: 'admin.outbox.inbox' }, { label: 'admin.outbox.edit.title' }, { label: 'conversation.envelope.to' }, { label: 'conversation.envelope.cc' }, { label: 'conversation.envelope.bcc' }],
  },
  {
    id: 'templates',
    group: 'admin.group.channels',
    title: 'admin.templates.title',
    text: 'admin.templates.text',
    path: '/admin/templates',
    permission: 'templates:manage',
    icon: LayoutTemplate,
    settings: [{ label: 'admin.template.name' }, { label: 'admin.template.subject' }, { label: 'admin.template.body' }, { label: 'admin.template.default' }, { label: 'admin.template.layout' }, { label: 'admin.templates.mails' }, { label: 'admin.template.preview' }, { label: 'admin.template.test' }],
  },
  {
    id: 'statuses',
    group: 'admin.group.conversations',
    title: 'admin.statuses.title',
    text: 'admin.statuses.text',
    path: '/admin/conversations/statuses',
    permission: 'status:manage',
    icon: CircleDot,
    settings: [{ label: 'admin.status.category' }],
  },
  {
    id: 'tags',
    group: 'admin.group.conversations',
    title: 'admin.tags.title',
    text: 'admin.tags.text',
    path: '/admin/conversations/tags',
    permission: 'tags:manage',
    icon: Tags,
    settings: [{ label: 'admin.tags.import' }],
  },
  {
    id: 'attributes',
    group: 'admin.group.conversations',
    title: 'admin.attributes.title',
    text: 'admin.attributes.text',
    path: '/admin/custom-attributes',
    permission: 'custom_attributes:manage',
    icon: TextCursorInput,
    settings: [{ label: 'admin.attribute.type' }, { label: 'admin.attribute.key' }, { label: 'admin.attribute.values' }, { label: 'admin.attribute.regex' }, { label: 'admin.attribute.hint' }],
  },
  {
    id: 'views',
    group: 'admin.group.conversations',
    title: 'admin.views.title',
    text: 'admin.views.text',
    path: '/admin/conversations/shared-views',
    permission: 'shared_views:manage',
    icon: Eye,
    settings: [{ label: 'view.filters' }, { label: 'admin.view.visibility' }, { label: 'admin.view.team' }],
  },
  {
    id: 'agents',
    group: 'admin.group.people',
    title: 'admin.agents.title',
    text: 'admin.agents.text',
    path: '/admin/teams/agents',
    permission: 'users:manage',
    icon: Users,
    settings: [
      { label: 'admin.agent.first_name' },
      { label: 'admin.agent.last_name' },
      { label: 'admin.agent.email' },
      { label: 'admin.agent.roles' },
      { label: 'admin.agent.teams' },
      { label: 'admin.agent.availability' },
      { label: 'admin.agent.enabled' },
      { label: 'admin.agent.new_password' },
      { label: 'admin.agent.welcome' },
      { label: 'admin.two_factor.title' },
      { label: 'admin.sso.accounts' },
      { label: 'admin.key.title' },
    ],
  },
  {
    id: 'teams',
    group: 'admin.group.people',
    title: 'admin.teams.title',
    text: 'admin.teams.text',
    path: '/admin/teams/teams',
    permission: 'teams:manage',
    icon: UsersRound,
    settings: [
      { label: 'admin.team.name' },
      { label: 'admin.team.emoji' },
      { label: 'admin.team.assignment' },
      { label: 'admin.team.max' },
      { label: 'admin.team.timezone' },
      { label: 'admin.team.members' },
    ],
  },
  {
    id: 'roles',
    group: 'admin.group.people',
    title: 'admin.roles.title',
    text: 'admin.roles.text',
    path: '/admin/teams/roles',
    permission: 'roles:manage',
    icon: IdCard,
    settings: [
      { label: 'admin.role.name' },
      { label: 'admin.role.description' },
      { label: 'admin.role.two_factor.label' },
      { label: 'admin.role.permissions', choices: allPermissions.map((one) => `admin.permission.${one}` as const) },
    ],
  },
  {
    id: 'sso',
    group: 'admin.group.people',
    title: 'admin.sso.title',
    text: 'admin.sso.text',
    path: '/admin/sso',
    permission: 'oidc:manage',
    icon: KeyRound,
    settings: [
      { label: 'admin.sso.only', field: 'sso_only' },
      { label: 'admin.sso.name' },
      { label: 'admin.sso.enabled' },
      { label: 'admin.sso.tenant' },
      { label: 'admin.sso.issuer' },
      { label: 'admin.sso.client_id' },
      { label: 'admin.sso.client_secret' },
      { label: 'admin.sso.redirect' },
      { label: 'admin.sso.logo' },
      { label: 'admin.sso.provision' },
      { label: 'admin.sso.role' },
      { label: 'admin.sso.domains' },
    ],
  },
  {
    id: 'activity',
    group: 'admin.group.people',
    title: 'admin.activity.title',
    text: 'admin.activity.text',
    path: '/admin/teams/activity-log',
    permission: 'activity_logs:manage',
    icon: History,
    settings: [
      { label: 'admin.activity.type' },
      { label: 'admin.activity.actor' },
      { label: 'admin.activity.from' },
      { label: 'admin.activity.to' },
      { label: 'admin.activity.export' },
      { label: 'admin.activity.keep.age' },
    ],
  },
]

export interface Hit {
  section: Section
  /** Settings of the section that match; none when the section itself does. */
  settings: SettingEntry[]
}

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()

/** The help of a label, where it has one: `admin.x.help` beside `admin.x`, or beside `admin.x.label`. */
function helpOf(label: MessageKey): string {
  const key = `${label.replace(/\.label$/, '')}.help`
  return i18n.global.te(key, 'en-US') ? t(key as MessageKey) : ''
}

/** Sections and settings whose words contain every typed word. */
export function searchSettings(available: readonly Section[], typed: string): Hit[] {
  const words = fold(typed).split(/\s+/).filter(Boolean)
  const matches = (...texts: string[]): boolean => {
    const text = fold(texts.join(' '))
    return words.every((word) => text.includes(word))
  }
  return available.flatMap((section) => {
    const title = t(section.title)
    const found = ({ label, choices = [] }: SettingEntry): boolean =>
      matches(title, t(label), helpOf(label)) || choices.some((choice) => matches(title, t(label), t(choice)))
    const settings = matches(title) ? [] : section.settings.filter(found)
    return settings.length || matches(title, t(section.text)) ? [{ section, settings }] : []
  })
}

/** Any of these lets an agent into the administration. */
export const adminPermissions: readonly string[] = sections.map((section) => section.permission)
