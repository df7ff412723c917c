// The customer's side of the mail: Dovecot, which holds the desk's mailbox, and a sink, which takes what the desk sends.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'

/**
 * A port of the loopback address that nobody listens on at the moment. It is none of those that the system gives to outgoing
 * connections, which could take it before whom it is for.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Waits until the condition gives something; it is asked every 25 ms, for a minute at most. */
export async function until<T>(what: string, condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = Date.now() + 60_000
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** Ends a process and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}

/** Deletes the folder of servers that have ended; a process of theirs may still be writing its last words there. */
export async function removeFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Dovecot on a private port with one account a name, made on first sign-in. The password is always the same. */
export class Dovecot {
  static readonly password = 'mailbox-password'

  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<Dovecot> {
    const port = await freePort()
    const dir = mkdtempSync(join(tmpdir(), 'foyer-dovecot-'))
    chmodSync(dir, 0o755) // its processes run as users of their own
    mkdirSync(join(dir, 'mail'))
    const config = join(dir, 'dovecot.conf')
    writeFileSync(config, Dovecot.config(port, dir))
    // In the foreground, so that it ends with this process.
    const child = spawn('/usr/sbin/dovecot', ['-F', '-c', config], { stdio: 'ignore' })
    await until('Dovecot to listen', () => {
      if (child.exitCode !== null) throw new Error(`Dovecot ended: ${readFileSync(join(dir, 'log'), 'utf8')}`)
      return accepts(port)
    })
    return new Dovecot(port, dir, child)
  }

  /** Mail must not belong to root, so root's mail belongs to the user "mail"; anybody else's to themselves. */
  private static config(port: number, dir: string): string {
    const me = userInfo()
    const root = me.uid === 0
    const owner = root ? Number(execFileSync('id', ['-u', 'mail'], { encoding: 'utf8' })) : me.uid
    if (root) chownSync(join(dir, 'mail'), owner, owner)
    const users = root ? '' : `default_login_user = ${me.username}\ndefault_internal_user = ${me.username}\n`
    return `${users}base_dir = ${dir}/run
state_dir = ${dir}/state
log_path = ${dir}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:${dir}/mail/%u
first_valid_uid = 1
default_vsz_limit = 0
passdb {
  driver = static
  args = password=${Dovecot.password}
}
userdb {
  driver = static
  args = uid=${owner} gid=${owner} home=${dir}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
`
  }

  /** Puts mails into a user's INBOX (IMAP APPEND, RFC 9051 section 6.3.12). It returns once all are accepted. */
  async deliver(user: string, ...mails: Buffer[]): Promise<void> {
    const socket = connect(this.port, '127.0.0.1')
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    const answer = async (prefix: string) => {
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`Dovecot closed the connection before ${prefix}`)
        if (value.startsWith(prefix)) return
        if (/^a (NO|BAD)/.test(value)) throw new Error(`Dovecot said ${value}`)
      }
    }
    try {
      await answer('* OK')
      socket.write(`a LOGIN "${user}" "${Dovecot.password}"\r\n`)
      await answer('a OK')
      for (const mail of mails) {
        socket.write(`a APPEND INBOX {${mail.length}}\r\n`)
        await answer('+')
        socket.write(mail)
        socket.write('\r\n')
        await answer('a OK')
      }
    } finally {
      socket.destroy()
    }
  }

  async stop(): Promise<void> {
    await end(this.child)
    await removeFolder(this.dir)
  }
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}

/** A mail that the sink was given, with its envelope. */
export interface Sent {
  from: string
  to: string[]
  answered: boolean
  raw: Buffer
}

/** The SMTP server of e2e/cmd/smtpsink. */
export class Sink {
  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
  ) {}

  static async start(): Promise<Sink> {
    const dir = mkdtempSync(join(tmpdir(), 'foyer-sink-'))
    const binary = join(dir, 'smtpsink')
    execFileSync('go', ['build', '-o', binary, './cmd/smtpsink'], { cwd: join(import.meta.dirname, '..') })
    const child = spawn(binary, ['--dir', dir], { stdio: ['pipe', 'pipe', 'inherit'] })
    const reader = createInterface({ input: child.stdout })
    const lines = reader[Symbol.asyncIterator]()
    const first = await lines.next()
    return new Sink(Number(first.value), dir, child, lines, reader)
  }

  /** Says how mails are treated from now on; the commands are described in e2e/cmd/smtpsink. */
  async treat(command: string): Promise<void> {
    this.child.stdin?.write(`${command}\n`)
    const { value } = await this.lines.next()
    if (value !== 'ok') throw new Error(`the sink refused ${command}`)
  }

  /** All mails taken so far, in their order. */
  mails(): Sent[] {
    const envelopes = readdirSync(this.dir).filter((name) => name.endsWith('.json'))
    return envelopes.sort().map((name) => ({
      ...(JSON.parse(readFileSync(join(this.dir, name), 'utf8')) as Omit<Sent, 'raw'>),
      raw: readFileSync(join(this.dir, name.replace('.json', '.eml'))),
    }))
  }

  /** Waits for a mail to the address, the newest if there are several. */
  async mailTo(address: string, after = 0): Promise<Sent> {
    return await until(`a mail to ${address}`, () => this.mails().slice(after).findLast((m) => m.to.includes(address)))
  }

  async stop(): Promise<void> {
    this.reader.close()
    await end(this.child)
    await removeFolder(this.dir)
  }
}
