import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import en from '@locales/en-US.json'
import { expect, test } from 'vitest'
import { divide } from '../../words'

const desk = join(import.meta.dirname, '..')
const ui = join(desk, '../../ui')
const parts = divide(en, desk, ui)

test('the first script brings what it names, the administration the rest, the server keeps its own', () => {
  expect(parts.desk).toMatchObject({ 'inbox.conversations': en['inbox.conversations'], 'admin.title': en['admin.title'], 'account.theme.dark': en['account.theme.dark'] })
  expect(parts.admin).toHaveProperty(['admin.activity.type.agent_login'])
  expect(Object.keys(parts.admin).filter((key) => key in parts.desk)).toEqual([])
  expect(Object.keys({ ...parts.desk, ...parts.admin }).filter((key) => key.startsWith('error.'))).toEqual([])
  expect(JSON.stringify(parts.desk).length).toBeLessThan(100_000)
})

test('nothing of the first script is made of what names texts that it lacks', () => {
  const all = readdirSync(desk, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.(ts|vue)$/.test(file))
  const page = /^admin\/[^/]+\//
  const textOf = (file: string): string => readFileSync(join(desk, file), 'utf8')
  const lacks = new Set(all.filter((file) => page.test(file) && Object.keys(parts.admin).some((key) => textOf(file).includes(`'${key}'`))).map((file) => file.replace(/\.ts$/, '')))
  const wrong = all
    .filter((file) => !page.test(file))
    .flatMap((file) =>
      [...textOf(file).matchAll(/^import (?!type ).*from '([^']+)'/gm)]
        .map((found) => found[1]!.replace(/^@\//, ''))
        .map((from) => (from.startsWith('.') ? join(file, '..', from) : from))
        .filter((from) => lacks.has(from))
        .map((from) => `${file} imports ${from}`),
    )
  expect(lacks.size).toBeGreaterThan(40)
  expect(wrong).toEqual([])
})
