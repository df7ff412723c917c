// The identity provider of e2e/cmd/idp.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { end, removeFolder } from './mailserver.ts'

/** Who is signed in there, and how it misbehaves; see package ssotest. */
interface Command {
  redirect_uri?: string
  person?: { Subject: string; Email: string; Verified?: boolean; Given?: string; Family?: string }
  faults?: { Deny?: string }
}

export class IdentityProvider {
  static readonly clientID = 'foyer-desk'
  static readonly clientSecret = 'client-s3cret-of-the-desk'

  private constructor(
    readonly issuer: string,
    private readonly dir: string,
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const dir = mkdtempSync(join(tmpdir(), 'foyer-idp-'))
    const binary = join(dir, 'idp')
    execFileSync('go', ['build', '-o', binary, './cmd/idp'], { cwd: join(import.meta.dirname, '..') })
    const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] })
    const reader = createInterface({ input: child.stdout })
    const lines = reader[Symbol.asyncIterator]()
    const first = await lines.next()
    return new IdentityProvider(String(first.value), dir, child, lines, reader)
  }

  /** Says how it goes on. */
  async tell(command: Command): Promise<void> {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`)
    const { value } = await this.lines.next()
    if (value !== 'ok') throw new Error('the identity provider refused a command')
  }

  async stop(): Promise<void> {
    this.reader.close()
    await end(this.child)
    await removeFolder(this.dir)
  }
}
