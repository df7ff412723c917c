// The provider of mailboxes of e2e/cmd/mailprovider.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { end, removeFolder } from './mailserver.ts'

/** Whose mailbox it is, and how it misbehaves; see package mailauthtest. */
interface Command {
  account?: string
  faults?: { Deny?: string }
  revoke?: boolean
}

export class MailProvider {
  static readonly clientID = 'foyer-mail'
  static readonly clientSecret = 'mail-client-s3cret'

  private constructor(
    readonly url: string,
    private readonly dir: string,
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
  ) {}

  static async start(): Promise<MailProvider> {
    const dir = mkdtempSync(join(tmpdir(), 'foyer-mailprovider-'))
    const binary = join(dir, 'mailprovider')
    execFileSync('go', ['build', '-o', binary, './cmd/mailprovider'], { cwd: join(import.meta.dirname, '..') })
    const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] })
    const reader = createInterface({ input: child.stdout })
    const lines = reader[Symbol.asyncIterator]()
    const first = await lines.next()
    return new MailProvider(String(first.value), dir, child, lines, reader)
  }

  /** Says how it goes on. */
  async tell(command: Command): Promise<void> {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`)
    const { value } = await this.lines.next()
    if (value !== 'ok') throw new Error('the provider of mailboxes refused a command')
  }

  async stop(): Promise<void> {
    this.reader.close()
    await end(this.child)
    await removeFolder(this.dir)
  }
}
