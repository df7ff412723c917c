import { describe, expect, it } from 'vitest'
import type { ImportLine } from '../wire'
import { report, template } from './import'

const line = (change: Partial<ImportLine>): ImportLine => ({ row: 1, line: 2, name: 'Ada', email: 'ada@x.test', outcome: 'created', ...change })

describe('the files of an import', () => {
  it('offers an example whose role and team there are', () => {
    expect(template(['Admin', 'Lead'], ['Care, north'])).toBe(
      '\uFEFFfirst_name,last_name,email,roles,teams\r\nAda,Lovelace,ada@example.com,Admin,"Care, north"\r\n',
    )
  })

  it('reports quotes and line breaks as they were, and no formula', () => {
    const text = report([line({ name: '=HYPERLINK("x")', outcome: 'refused', field: 'roles', message: 'No role\n"Zed"' })])
    expect(text.split('\r\n')[1]).toBe(`2,"'=HYPERLINK(""x"")",ada@x.test,refused,roles,"No role\n""Zed"""`)
  })
})
