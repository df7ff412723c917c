/** The time zones that the browser knows, with the one that is set even when it does not. */
export function zoneOptions(current: string): { value: string; label: string; hint: string }[] {
  const names = new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), ...(current ? [current] : [])])
  return [...names].sort().map((name) => ({ value: name, label: zoneName(name), hint: offset(name) }))
}

/** "America/New York" */
export const zoneName = (name: string): string => name.replaceAll('_', ' ')

/** "GMT+1": the offset that holds today; empty for a zone the browser does not know. */
function offset(name: string): string {
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'shortOffset' }).formatToParts()
    return parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
  } catch {
    return ''
  }
}

/** "Europe/Oslo (GMT+1)" */
export function zoneLabel(name: string): string {
  const hint = offset(name)
  return hint && hint !== name ? `${zoneName(name)} (${hint})` : zoneName(name)
}
