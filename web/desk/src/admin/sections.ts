import { Building2, History, IdCard, Inbox, KeyRound, MailCheck, Users, UsersRound } from '@lucide/vue'
import { t, type MessageKey } from '@ui/i18n'
import type { Component } from 'vue'

/** A setting that can be searched for. */
export interface SettingEntry {
  label: MessageKey
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
      { label: 'admin.inbox.from' },
      { label: 'admin.inbox.from_name_template' },
      { label: 'admin.inbox.reply_to' },
      { label: 'admin.inbox.csat' },
      { label: 'admin.inbox.prompt_tags' },
      { label: 'admin.inbox.plus' },
      { label: 'admin.inbox.imap' },
      { label: 'admin.inbox.smtp' },
      { label: 'admin.inbox.tls' },
      { label: 'admin.inbox.password' },
      { label: 'admin.inbox.read_interval' },
      { label: 'admin.inbox.scan_since' },
    ],
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
      { label: 'admin.agent.email' },
      { label: 'admin.agent.roles' },
      { label: 'admin.agent.teams' },
      { label: 'admin.agent.availability' },
      { label: 'admin.agent.enabled' },
      { label: 'admin.agent.new_password' },
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
      { label: 'admin.team.emoji' },
      { label: 'admin.team.assignment' },
      { label: 'admin.team.max' },
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
    settings: [{ label: 'admin.role.permissions' }],
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
      { label: 'admin.sso.issuer' },
      { label: 'admin.sso.client_id' },
      { label: 'admin.sso.client_secret' },
      { label: 'admin.sso.redirect' },
      { label: 'admin.sso.provision' },
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
    settings: [{ label: 'admin.activity.export' }],
  },
]

export interface Hit {
  section: Section
  /** Settings of the section that match; none when the section itself does. */
  settings: SettingEntry[]
}

const fold = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()

/** Sections and settings whose words contain every typed word. */
export function searchSettings(available: readonly Section[], typed: string): Hit[] {
  const words = fold(typed).split(/\s+/).filter(Boolean)
  const matches = (...texts: string[]): boolean => {
    const text = fold(texts.join(' '))
    return words.every((word) => text.includes(word))
  }
  return available.flatMap((section) => {
    const title = t(section.title)
    const settings = section.settings.filter(({ label }) => matches(title, t(label)) && !matches(title))
    return settings.length || matches(title, t(section.text)) ? [{ section, settings }] : []
  })
}

/** Any of these lets an agent into the administration. */
export const adminPermissions: readonly string[] = sections.map((section) => section.permission)
