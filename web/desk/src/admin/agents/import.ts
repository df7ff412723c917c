import { t } from '@ui/i18n'
import type { ImportLine } from '../wire'

/** A file to begin with: what the first line must say, and an agent for an example. */
export function template(roles: readonly string[], teams: readonly string[]): string {
  const role = roles.includes('Agent') ? 'Agent' : (roles[0] ?? 'Agent')
  return csv([
    ['first_name', 'last_name', 'email', 'roles', 'teams'],
    ['Ada', 'Lovelace', 'ada@example.com', role, teams[0] ?? ''],
  ])
}

/** What became of each row, to keep or to mend the file by. */
export const report = (lines: readonly ImportLine[]): string =>
  csv([
    ['line', 'name', 'email', 'outcome', 'field', 'message'],
    ...lines.map((line) => [String(line.line), line.name, line.email, line.outcome, line.field ?? '', line.message ?? '']),
  ])

/** Comma-separated values (RFC 4180) with the byte order mark by which spreadsheets know UTF-8. */
function csv(rows: readonly (readonly string[])[]): string {
  return '\uFEFF' + rows.map((row) => row.map(cell).join(',') + '\r\n').join('')
}

/** What a spreadsheet would take for a formula is kept a text by an apostrophe. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

export const isProblem = (line: ImportLine): boolean => line.outcome === 'refused' || line.outcome === 'failed'

export const outcomeOf = (line: ImportLine): string =>
  isProblem(line) ? (line.message ?? '') : line.outcome === 'created' ? t('admin.import.line.created') : t('admin.import.line.ready')
