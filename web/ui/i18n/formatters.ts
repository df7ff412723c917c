type Options = Intl.DateTimeFormatOptions | Intl.NumberFormatOptions | Intl.RelativeTimeFormatOptions

/**
 * Returns a way to get a formatter of a kind. Making one takes a hundred times as long as using it, so each is made once, and once
 * more when the clock of the browser moves to another zone: one that names no zone keeps to that of its making.
 */
function maker<F, O extends Options>(make: new (locale: string, options?: O) => F): (locale: string, options?: O) => F {
  const made = new Map<string, F>()
  return (locale, options) => {
    const key = `${new Date().getTimezoneOffset()} ${locale} ${options ? JSON.stringify(options) : ''}`
    let found = made.get(key)
    if (!found) made.set(key, (found = new make(locale, options)))
    return found
  }
}

export const numberFormat = maker<Intl.NumberFormat, Intl.NumberFormatOptions>(Intl.NumberFormat as new () => Intl.NumberFormat)
export const dateFormat = maker<Intl.DateTimeFormat, Intl.DateTimeFormatOptions>(Intl.DateTimeFormat as new () => Intl.DateTimeFormat)
export const relativeTimeFormat = maker<Intl.RelativeTimeFormat, Intl.RelativeTimeFormatOptions>(Intl.RelativeTimeFormat)
