import { api } from '@ui/api/client'
import type { ConversationContact, Uuid } from '@ui/api/types'
import { patchContact, patchConversation } from '@/data/conversations'

type Values = Record<string, unknown>

/** Sets one custom attribute of a conversation, shown at once; the others go along, for the server replaces them all. */
export async function setAttribute(uuid: Uuid, known: Values, key: string, value: unknown): Promise<void> {
  const { [key]: _before, ...rest } = known
  const next = value === null ? rest : { ...rest, [key]: value }
  patchConversation(uuid, { custom_attributes: next })
  try {
    await api.put(`/conversations/${uuid}/custom-attributes`, next)
  } catch (cause) {
    patchConversation(uuid, { custom_attributes: known })
    throw cause
  }
}

/** Sets one custom attribute of a conversation's contact, shown at once. */
export async function setContactAttribute(uuid: Uuid, contact: ConversationContact, key: string, value: unknown): Promise<void> {
  const before = contact.custom_attributes[key] ?? null
  patchContact(contact.id, { custom_attributes: { [key]: value } })
  try {
    await api.put(`/conversations/${uuid}/contacts/custom-attributes`, { [key]: value })
  } catch (cause) {
    patchContact(contact.id, { custom_attributes: { [key]: before } })
    throw cause
  }
}
