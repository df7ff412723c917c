// A desk under test: the built binary on an empty folder, and a client of its API.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type APIRequestContext, type APIResponse, request } from '@playwright/test'
import { Dovecot, end, freePort, removeFolder, type Sink, until } from './mailserver.ts'

export type Engine = 'sqlite' | 'postgres'

/** The System user's sign-in, which may do everything. */
export const admin = { email: 'System', password: 'Correct-horse-7-battery' }

export class Desk {
  private constructor(
    /** Root URL; its host is "localhost", which the WebSocket accepts without TLS. */
    readonly url: string,
    readonly api: API,
    private readonly dir: string,
    private readonly child: ChildProcess,
    private readonly database: string,
  ) {}

  /** Starts a desk; `env` is what its environment has besides. */
  static async start(engine: Engine, env: Record<string, string> = {}): Promise<Desk> {
    const dir = mkdtempSync(join(tmpdir(), 'foyer-e2e-'))
    const port = await freePort()
    const url = `http://localhost:${port}`
    const database = engine === 'postgres' ? createDatabase() : ''
    const log = openSync(join(dir, 'log'), 'w')
    const child = spawn(join(import.meta.dirname, '../../bin/foyer'), ['serve'], {
      cwd: dir,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        FOYER_ADDRESS: `127.0.0.1:${port}`,
        FOYER_ROOT_URL: url,
        FOYER_DATA_DIR: join(dir, 'data'),
        FOYER_SYSTEM_USER_PASSWORD: admin.password,
        FOYER_OUTBOUND_ALLOW: '127.0.0.0/8',
        FOYER_AUTH_PER_MINUTE: '600', // every browser of the tests comes from one address
        ...(database && { FOYER_DATABASE_URL: databaseURL(database) }),
        ...env,
      },
    })
    closeSync(log)
    await until('the desk to be healthy', async () => {
      if (child.exitCode !== null) throw new Error(`the desk ended:\n${readFileSync(join(dir, 'log'), 'utf8')}`)
      return await fetch(`http://127.0.0.1:${port}/health`).then((r) => r.ok, () => false)
    })
    const api = await API.signIn(url)
    // Tests begin at a desk that is set up; that of the guide opens it again.
    await api.put('/api/v1/settings/guide', { state: 'dismissed', step: 'desk' })
    // Tests that are not about undoing do not wait for it.
    await api.put('/api/v1/agents/me/preferences', { undo_send_seconds: 0 })
    return new Desk(url, api, dir, child, database)
  }

  /** What the desk logged so far. */
  log(): string {
    return readFileSync(join(this.dir, 'log'), 'utf8')
  }

  async stop(): Promise<void> {
    await this.api.close()
    await end(this.child)
    if (this.database) psql(`DROP DATABASE ${this.database} WITH (FORCE)`)
    await removeFolder(this.dir)
  }
}

function databaseURL(name: string): string {
  return (process.env['FOYER_TEST_POSTGRES_URL'] ?? '').replace(/\/[^/?]*(\?|$)/, `/${name}$1`)
}

function psql(statement: string): void {
  execFileSync('psql', [process.env['FOYER_TEST_POSTGRES_URL'] ?? '', '-q', '-c', statement])
}

function createDatabase(): string {
  const name = `foyer_e2e_${randomBytes(4).toString('hex')}`
  psql(`CREATE DATABASE ${name}`)
  return name
}

export interface Attachment {
  name: string
  size: number
  url: string
  disposition: string
  content_type: string
}

export interface Message {
  uuid: string
  type: string
  status: string
  private: boolean
  content: string
  text_content: string
  attachments: Attachment[]
}

export interface Conversation {
  uuid: string
  subject: string
  status: string
  reference_number: string
}

/** Calls the API as the System user. Every answer but 200 is an error that quotes the server. */
export class API {
  private constructor(
    private readonly context: APIRequestContext,
    private readonly csrf: string,
  ) {}

  static async signIn(url: string): Promise<API> {
    const context = await request.newContext({ baseURL: url })
    await data(await context.post('/api/v1/auth/login', { data: admin }))
    const { cookies } = await context.storageState()
    return new API(context, cookies.find((c) => c.name === 'csrf_token')?.value ?? '')
  }

  async get<T>(path: string): Promise<T> {
    return await data<T>(await this.context.get(path))
  }

  async post<T>(path: string, body?: unknown): Promise<T> {
    return await data<T>(await this.context.post(path, { data: body, headers: { 'X-CSRFTOKEN': this.csrf } }))
  }

  async put<T>(path: string, body?: unknown): Promise<T> {
    return await data<T>(await this.context.put(path, { data: body, headers: { 'X-CSRFTOKEN': this.csrf } }))
  }

  async delete<T>(path: string): Promise<T> {
    return await data<T>(await this.context.delete(path, { headers: { 'X-CSRFTOKEN': this.csrf } }))
  }

  /** The bytes behind a link, such as an attachment's. */
  async download(url: string): Promise<Buffer> {
    const response = await this.context.get(url)
    if (!response.ok()) throw new Error(`${url}: ${response.status()}`)
    return await response.body()
  }

  /**
   * An enabled email inbox on the two mail servers. Its mailbox is only looked into when the mail server says so.
   * A desk is shared by the tests of a worker: a test that chooses the inbox by its name gives it one of its own.
   */
  async createInbox(user: string, dovecot: Dovecot, sink: Sink, name = 'Support'): Promise<number> {
    const inbox = await this.post<{ id: number }>('/api/v1/inboxes', {
      name,
      channel: 'email',
      enabled: true,
      from: `Support <${user}@desk.example>`,
      config: {
        auth_type: 'password',
        enable_plus_addressing: true,
        imap: [
          {
            host: '127.0.0.1', port: dovecot.port, username: user, password: Dovecot.password, mailbox: 'INBOX',
            tls_type: 'none', read_interval: '30m', scan_inbox_since: '48h',
          },
        ],
        smtp: [
          {
            host: '127.0.0.1', port: sink.port, auth_protocol: 'none', tls_type: 'none',
            max_conns: 2, max_msg_retries: 2, idle_timeout: '15s', pool_wait_timeout: '5s',
          },
        ],
      },
    })
    return inbox.id
  }

  /** Sets the language of the desk, which everybody reads who chose none. */
  async speak(language: string): Promise<void> {
    const settings = await this.get<Record<string, unknown>>('/api/v1/settings/general')
    await this.put('/api/v1/settings/general', { ...settings, 'app.lang': language })
  }

  async conversations(): Promise<Conversation[]> {
    return (await this.get<{ results: Conversation[] }>('/api/v1/conversations/all?page_size=100')).results
  }

  async conversation(uuid: string): Promise<Conversation> {
    return await this.get(`/api/v1/conversations/${uuid}`)
  }

  /** Waits for the conversation whose subject contains the words. */
  async conversationAbout(subject: string): Promise<Conversation> {
    return await until(`a conversation about ${subject}`, async () =>
      (await this.conversations()).find((c) => c.subject.includes(subject)))
  }

  async messages(uuid: string): Promise<Message[]> {
    return (await this.get<{ results: Message[] }>(`/api/v1/conversations/${uuid}/messages?page_size=100`)).results
  }

  async close(): Promise<void> {
    await this.context.dispose()
  }
}

async function data<T>(response: APIResponse): Promise<T> {
  if (response.status() !== 200) throw new Error(`${response.url()}: ${response.status()} ${await response.text()}`)
  return ((await response.json()) as { data: T }).data
}
