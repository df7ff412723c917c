import en from '@locales/en-US.json'
import { describe, expect, it } from 'vitest'
import { newAgent, toBody as agentBody, validateAgent } from './agents/form'
import { cleanExtension, toForm as generalForm, validateGeneral } from './general/form'
import { fieldOf, newImap, newInbox, newSmtp, senderOf, toBody, toForm, validateInbox } from './inboxes/form'
import { stateOf } from './inboxes/health'
import { outcomeOf } from './inboxes/oauth'
import { applyPreset, presetOf, presets, usualPort } from './inboxes/presets'
import { allPermissions, groupState, missingFor, permissionGroups } from './roles/permissions'
import { adminRoutes } from './routes'
import { searchSettings, sections } from './sections'
import type { GeneralSettings, Inbox, InboxHealth, MailOAuth } from './wire'
import { toBody as teamBody, newTeam } from './teams/form'
import { zoneOptions } from './zones'

const bullets = '\u2022'.repeat(10)

const connection: MailOAuth = {
  provider: 'google',
  client_id: 'c',
  tenant_id: '',
  account: 'support@desk.example',
  client_secret: bullets,
  access_token: bullets,
  refresh_token: bullets,
  expires_at: '2030-01-01T00:00:00Z',
}

const stored = (): Inbox => ({
  id: 4,
  created_at: '2030-01-01T00:00:00Z',
  updated_at: '2030-01-01T00:00:00Z',
  name: 'Support',
  channel: 'email',
  enabled: false,
  csat_enabled: true,
  prompt_tags_on_reply: true,
  from: 'Support <support@desk.example>',
  from_name_template: '',
  linked_email_inbox_id: null,
  config: {
    auth_type: '',
    oauth: null,
    reply_to: 'answers@desk.example',
    enable_plus_addressing: true,
    signature: '',
    quote_history: false,
    keep_automatic: false,
    sent_copy: false,
    sent_folder: '',
    relays: [],
    imap: [
      { ...newImap(), host: 'imap.desk.example', username: 'a', password: bullets },
      { ...newImap(), host: 'second.desk.example', username: 'b', password: bullets },
    ],
    smtp: [{ ...newSmtp(), host: 'smtp.desk.example', username: 'a', password: bullets }],
  },
})

describe('an inbox on the wire', () => {
  it('is a list of servers each way, made from the form', () => {
    const form = newInbox()
    Object.assign(form, { name: ' Support ', from: ' a@b.example ', reply_to: ' c@b.example ' })
    Object.assign(form.imap[0]!, { host: ' imap.b.example ', username: ' me ', password: ' kept as typed ' })
    Object.assign(form.smtp[0]!, { host: 'smtp.b.example', port: 465, username: 'me', password: 'secret' })
    const body = toBody(form)
    expect(body).toMatchObject({ name: 'Support', channel: 'email', from: 'a@b.example', enabled: true, secret: '' })
    expect(body).not.toHaveProperty('id')
    expect(body.config).toMatchObject({ auth_type: 'password', oauth: null, reply_to: 'c@b.example', enable_plus_addressing: true })
    expect(body.config.imap).toMatchObject([{ host: 'imap.b.example', username: 'me', password: ' kept as typed ', mailbox: 'INBOX' }])
    expect(body.config.smtp).toMatchObject([{ host: 'smtp.b.example', port: 465, password: 'secret' }])
    expect(JSON.stringify(body)).not.toMatch(/"(key|stored)"/)
  })

  it('sends an unchanged secret empty, never its mask', () => {
    const body = toBody(toForm(stored()), stored())
    expect(body.id).toBe(4)
    expect(JSON.stringify(body)).not.toContain('\u2022')
    expect(body.config.imap.map((server) => server.password)).toEqual(['', ''])
    expect(body.config.smtp[0]?.password).toBe('')
  })

  it('sends a new secret as it was typed', () => {
    const form = toForm(stored())
    form.imap[0]!.password = 'new one'
    expect(toBody(form, stored()).config.imap[0]?.password).toBe('new one')
  })

  it('keeps what the form does not show', () => {
    const inbox = stored()
    inbox.config.auth_type = 'oauth2'
    inbox.config.oauth = connection
    inbox.linked_email_inbox_id = 9
    inbox.config.smtp[0]!.max_msg_retries = 7
    const body = toBody(toForm(inbox), inbox)
    expect(body.config.imap.map((server) => server.host)).toEqual(['imap.desk.example', 'second.desk.example'])
    expect(body).toMatchObject({ linked_email_inbox_id: 9, enabled: false, csat_enabled: true, config: { auth_type: 'oauth2', oauth: { provider: 'google', refresh_token: '' } } })
    expect(body.config.smtp[0]?.max_msg_retries).toBe(7)
  })

  it('begins with the usual ports, times and sign-in', () => {
    expect(newImap()).toMatchObject({ port: 993, mailbox: 'INBOX', tls_type: 'tls', read_interval: '5m', scan_inbox_since: '48h' })
    expect(newSmtp()).toMatchObject({ port: 587, tls_type: 'starttls', auth_protocol: 'login', max_conns: 10, max_msg_retries: 3, idle_timeout: '25s', pool_wait_timeout: '120s' })
  })

  it('does not ask again for a stored password', () => {
    const form = toForm(stored())
    expect(validateInbox(form)).toMatchObject({ 'imap[0].password': '', 'imap[1].password': '', 'smtp[0].password': '' })
    form.imap.push(newImap())
    expect(validateInbox(form)['imap[2].password']).not.toBe('')
  })

  it('gives the place of a fault back to its field', () => {
    expect(['config.imap[0].host', 'imap[0].host', 'body.config.smtp.0.port', 'from'].map(fieldOf)).toEqual([
      'imap[0].host',
      'imap[0].host',
      'smtp[0].port',
      'from',
    ])
  })
})

describe('the connection of an inbox to its provider', () => {
  it('is gone when the inbox signs in by password, and its secrets are never sent', () => {
    const inbox = stored()
    Object.assign(inbox.config, { auth_type: 'oauth2', oauth: connection })
    const form = toForm(inbox)
    expect(validateInbox(form)['imap[0].password']).toBe('')
    expect(JSON.stringify(toBody(form, inbox))).not.toContain('\u2022')
    form.auth_type = 'password'
    expect(toBody(form, inbox).config).toMatchObject({ auth_type: 'password', oauth: null })
  })

  it('is said to have ended well or not', () => {
    expect(outcomeOf({ success: 'oauth_connected' })).toEqual({ good: true, text: 'admin.oauth.connected' })
    expect(outcomeOf({ error: 'oauth_denied' })).toEqual({ good: false, text: 'admin.oauth.error.denied' })
    expect(outcomeOf({ error: 'config_update_failed' })).toEqual({ good: false, text: 'admin.oauth.error.other' })
    expect(outcomeOf({ success: 'toString' })?.good).toBe(false)
    expect(outcomeOf({})).toBeUndefined()
  })
})

describe('the sender that customers see', () => {
  const asha = { first_name: 'Asha', last_name: 'Rao' }
  it.each([
    ['Support <help@desk.example>', '', 'Support <help@desk.example>'],
    ['help@desk.example', '', 'help@desk.example'],
    ['"Desk, Inc." <help@desk.example>', '{{ .Agent.FirstName }} at {{.Inbox.Name}}', 'Asha at Billing <help@desk.example>'],
    ['help@desk.example', '{{ .Agent.FullName }}', 'Asha Rao <help@desk.example>'],
  ])('of %s by the template "%s" is %s', (from, from_name_template, sender) => {
    expect(senderOf({ name: ' Billing ', from, from_name_template }, asha)).toBe(sender)
  })
})

describe('checking an inbox', () => {
  const wrong: [field: string, change: (form: ReturnType<typeof newInbox>) => void][] = [
    ['from', (form) => (form.from = 'nobody')],
    ['reply_to', (form) => (form.reply_to = 'x@')],
    ['from_name_template', (form) => (form.from_name_template = '{{ .Agent.Email }}')],
    ['from_name_template', (form) => (form.from_name_template = 'a } b')],
    ['imap[0].host', (form) => (form.imap[0]!.host = 'https://imap.b.example')],
    ['imap[0].port', (form) => (form.imap[0]!.port = Number.NaN)],
    ['smtp[0].port', (form) => (form.smtp[0]!.port = 65_536)],
    ['imap[0].read_interval', (form) => (form.imap[0]!.read_interval = '5 minutes')],
    ['imap[0].scan_inbox_since', (form) => (form.imap[0]!.scan_inbox_since = '')],
    ['smtp[0].max_conns', (form) => (form.smtp[0]!.max_conns = 0)],
  ]
  it.each(wrong)('refuses a bad %s', (field, change) => {
    const form = toForm(stored())
    change(form)
    const errors = validateInbox(form)
    expect(Object.keys(errors).filter((name) => errors[name])).toEqual([field])
  })

  it('accepts the placeholders, and a server without sign-in', () => {
    const form = toForm(stored())
    form.from_name_template = '{{ .Agent.FirstName }} {{.Agent.LastName}} at {{ .Inbox.Name }}'
    Object.assign(form.smtp[0]!, { auth_protocol: 'none', username: '', password: '' })
    expect(Object.values(validateInbox(form)).filter(Boolean)).toEqual([])
  })
})

describe('presets', () => {
  it('fill in servers, ports and encryption, and are recognised again', () => {
    for (const { id } of presets) {
      const form = newInbox()
      form.imap[0]!.username = 'me'
      applyPreset(form, id)
      expect(presetOf(form)).toBe(id)
      expect(form.imap[0]!.username).toBe('me')
    }
  })

  it('leave nothing of another provider behind', () => {
    const form = newInbox()
    applyPreset(form, 'gmail')
    applyPreset(form, 'other')
    expect([form.imap[0]!.host, form.smtp[0]!.host]).toEqual(['', ''])
  })

  it('know the usual ports', () => {
    expect([usualPort('imap', 'tls'), usualPort('imap', 'starttls'), usualPort('smtp', 'tls'), usualPort('smtp', 'starttls'), usualPort('smtp', 'none')]).toEqual([993, 143, 465, 587, 25])
  })
})

describe('the state of an inbox', () => {
  const health = (): InboxHealth => ({
    mailboxes: [
      { name: 'INBOX', configured: true, mode: 'idle', server_count: 3, since: null, last_contact_at: '2030-01-01T00:00:00Z', last_error: '', last_error_at: null, problem: '', id: 1, left_out: 0, compared_at: null, rules: [],
        ledger: { pending: 0, filed: 3, duplicate: 0, ignored: 0, quarantined: 0 }, present: { pending: 0, filed: 3, duplicate: 0, ignored: 0, quarantined: 0 } },
    ],
    outbox: { queued: 0, sending: 0, delayed: 0, sent: 0, failed: 0, bounced: 0, cancelled: 0 },
    sending: { failing_since: null, last_error: '', problem: '' },
    per_minute: 0,
  })
  it('says the worst first', () => {
    const inbox = health()
    expect(stateOf(inbox).tone).toBe('good')
    inbox.mailboxes[0]!.ledger.quarantined = 1
    expect(stateOf(inbox).tone).toBe('warning')
    inbox.mailboxes[0]!.last_error = 'The password was refused.'
    expect(stateOf(inbox)).toMatchObject({ tone: 'bad', detail: 'The password was refused.' })
  })
  it('does not count a mailbox that is no longer read', () => {
    const inbox = health()
    Object.assign(inbox.mailboxes[0]!, { configured: false, last_error: 'gone' })
    expect(stateOf(inbox).tone).toBe('quiet')
  })
})

describe('permissions', () => {
  it('are all 46, each once, each in words', () => {
    expect(allPermissions).toHaveLength(46)
    expect(new Set(allPermissions).size).toBe(46)
    const texts = en as Record<string, string>
    const words = allPermissions.map((permission) => texts[`admin.permission.${permission}`])
    expect(words.every(Boolean)).toBe(true)
    expect(new Set(words).size).toBe(46)
    expect(permissionGroups.every((group) => texts[`admin.permissions.${group.id}`])).toBe(true)
  })

  it('show how much of a group is granted', () => {
    expect(groupState(new Set(), ['a', 'b'])).toBe('none')
    expect(groupState(new Set(['a']), ['a', 'b'])).toBe('some')
    expect(groupState(new Set(['a', 'b']), ['a', 'b'])).toBe('all')
  })

  it('name the right without which another does nothing', () => {
    expect(missingFor(new Set(['conversations:read_all']), 'conversations:read_all')).toBe('conversations:read')
    expect(missingFor(new Set(['conversations:read', 'conversations:read_all']), 'conversations:read_all')).toBeUndefined()
    expect(missingFor(new Set(['messages:write']), 'messages:write')).toBe('messages:read')
  })
})

describe('an agent on the wire', () => {
  it('is created with the choice of a welcome mail and without an account state', () => {
    const body = agentBody({ ...newAgent(), first_name: ' Asha ', email: ' a@b.example ', roles: ['Agent'] }, true)
    expect(body).toEqual({ first_name: 'Asha', last_name: '', email: 'a@b.example', roles: ['Agent'], teams: [], send_welcome_email: true })
  })
  it('is changed with the state of the account, and a password only when one was typed', () => {
    expect(agentBody(newAgent(), false)).not.toHaveProperty('new_password')
    expect(agentBody({ ...newAgent(), new_password: 'Long-enough-1' }, false)).toMatchObject({ new_password: 'Long-enough-1', enabled: true, availability_status: 'offline' })
  })
  it('needs a name, an address, a role, and a password that meets the policy', () => {
    const errors = validateAgent({ ...newAgent(), new_password: 'short' })
    expect(Object.keys(errors).filter((name) => errors[name])).toEqual(['first_name', 'email', 'roles', 'new_password'])
  })
})

describe('the general settings', () => {
  const settings = { 'app.site_name': 'Desk', 'app.lang': 'en-US', 'app.root_url': 'https://desk.example', 'app.logo_url': '', 'app.favicon_url': '/assets/favicon.svg', 'app.max_file_upload_size': 20, 'app.allowed_file_upload_extensions': null, 'app.timezone': 'UTC', 'app.business_hours_id': '7', 'app.show_conversation_subject': true, 'app.trash_retention_days': 0, 'app.version': 'v1' } as GeneralSettings
  it('are sent whole, without the facts about the installation', () => {
    const form = generalForm(settings)
    expect(form).not.toHaveProperty('app.version')
    expect(form).toMatchObject({ 'app.business_hours_id': '7', 'app.allowed_file_upload_extensions': [] })
  })
  it('take an icon of the desk itself, but not one from an unknown scheme', () => {
    expect(validateGeneral(generalForm(settings))['app.favicon_url']).toBe('')
    expect(validateGeneral({ ...generalForm(settings), 'app.favicon_url': 'javascript:alert(1)' })['app.favicon_url']).not.toBe('')
    expect(validateGeneral({ ...generalForm(settings), 'app.logo_url': '//elsewhere.example/x' })['app.logo_url']).not.toBe('')
  })
  it('read file endings however they are written', () => {
    expect(['.PDF', '*.png', 'tar.gz', '*'].map(cleanExtension)).toEqual(['pdf', 'png', 'tar.gz', '*'])
  })
})

describe('the sections', () => {
  it('are found by the words of their settings', () => {
    const [hit] = searchSettings(sections, 'upload LARGEST'.split(' ')[1]!)
    expect(hit?.section.id).toBe('general')
    expect(hit?.settings.map((setting) => setting.field)).toEqual(['app.max_file_upload_size'])
    expect(searchSettings(sections, 'api key')[0]?.section.id).toBe('agents')
    expect(searchSettings(sections, 'nothing like this')).toEqual([])
  })
  it('are found by the help of a setting and by what it offers', () => {
    const found = (typed: string) => searchSettings(sections, typed).flatMap(({ section, settings }) => settings.map(({ label }) => [section.id, label]))
    expect(found('led to set one up')).toEqual([['roles', 'admin.role.two_factor.label']])
    expect(found('block unblock contacts')).toEqual([['roles', 'admin.role.permissions']])
    expect(found('MiCROSOFT tenant')).toContainEqual(['sso', 'admin.sso.tenant'])
  })
  it('know every field of their forms', () => {
    const pages = import.meta.glob<string>(['./**/*.vue', '!./guide/**', '!./**/*Dialog.vue'], { query: '?raw', import: 'default', eager: true })
    const labels = Object.values(pages).flatMap((page) => [...page.matchAll(/<(?:Field|SwitchField)\b[^>]*?:label="t\('(admin[^']+)'\)"/gs)].map((found) => found[1]))
    const known = new Set<string>(sections.flatMap((section) => section.settings.map((setting) => setting.label)))
    expect(labels.length).toBeGreaterThan(40)
    expect(labels.filter((label) => !known.has(label!))).toEqual(['admin.attribute.sample', 'admin.test.mail.to', 'admin.ownmail.test.to']) // what to try: nothing that is kept
  })
  it('ask for the same permission as their pages', () => {
    const children = adminRoutes[0]!.children ?? []
    for (const section of sections) {
      const pages = children.filter((child) => `/admin/${child.path}`.startsWith(section.path))
      expect(pages.length).toBeGreaterThan(0)
      expect(new Set(pages.map((child) => child.meta?.permission))).toEqual(new Set([section.permission]))
    }
  })
})

describe('a team on the wire', () => {
  it('keeps the working hours and service level that the form does not show', () => {
    const kept = { business_hours_id: 3, sla_policy_id: 5 }
    expect(teamBody(newTeam(), { ...newTeam(), id: 1, created_at: '', updated_at: '', ...kept })).toMatchObject(kept)
  })
  it('offers the zone that is set, even an unknown one', () => {
    expect(zoneOptions('Moon/Base').map((zone) => zone.value)).toContain('Moon/Base')
  })
})
