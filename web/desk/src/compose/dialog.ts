import type { ContactHit } from '@ui/api/types'
import { shallowRef } from 'vue'

/** Somebody the desk knows, as far as a new conversation needs them. */
export type KnownContact = Pick<ContactHit, 'email' | 'first_name' | 'last_name'>

/** The dialog that begins a conversation, when it is open: with a contact, where that is known beforehand. */
export const composeDialog = shallowRef<{ contact?: KnownContact }>()

export function compose(contact?: KnownContact): void {
  composeDialog.value ??= { contact }
}

/** Without it nobody begins a conversation. */
export const composePermission = 'conversations:write'
