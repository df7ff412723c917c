import type { Agent } from '@ui/api/types'

/** Whose names a text may have. */
export interface Names {
  agent: { first_name: string; last_name: string }
  /** The inbox's. */
  inbox: string
}

/** The agent who writes, by the names that customers read: the built-in user System is nobody to them. */
export function signerOf(agent: Pick<Agent, 'email' | 'first_name' | 'last_name'> | null | undefined): Names['agent'] {
  const { first_name = '', last_name = '' } = agent?.email === 'System' ? {} : (agent ?? {})
  return { first_name, last_name }
}

/** The names that a signature or the name of a sender can have, by what is written for them. */
export const namesOf = ({ agent, inbox }: Names): Record<string, string> => ({
  'Agent.FirstName': agent.first_name,
  'Agent.LastName': agent.last_name,
  'Agent.FullName': `${agent.first_name} ${agent.last_name}`.trim(),
  'Inbox.Name': inbox.trim(),
})

/** Puts names into a text as the server does when a reply leaves; others than these are nothing. See channel/email/letter.go. */
export function fillNames(text: string, names: Names, encode = (value: string) => value): string {
  const values = namesOf(names)
  return text.replace(/\{\{(?:\s|&nbsp;)*\.([A-Za-z.]+)(?:\s|&nbsp;)*\}\}/g, (_, name: string) => encode(Object.hasOwn(values, name) ? values[name]! : ''))
}
