/** A phone number is kept in two parts, and typed as one: a country code is what begins with a plus and ends at a space. */
export interface Phone {
  phone_number_country_code: string
  phone_number: string
}

export function splitPhone(text: string): Phone {
  const found = /^\s*(\+\d{1,4})[\s-]+(.*)$/.exec(text)
  return { phone_number_country_code: found?.[1] ?? '', phone_number: (found?.[2] ?? text).trim() }
}

export const joinPhone = (phone: { phone_number_country_code: string | null; phone_number: string | null }): string =>
  [phone.phone_number_country_code, phone.phone_number].filter(Boolean).join(' ')

const longest = 20

/** Whether a text can be a phone number: digits, spaces, brackets, hyphens, dots, and a plus in front. Empty is one. */
export const isPhone = (text: string): boolean => {
  const number = splitPhone(text).phone_number
  return !text.trim() || (/^\+?[\d\s().-]*\d[\d\s().-]*$/.test(number) && number.length <= longest)
}
