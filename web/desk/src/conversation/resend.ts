import { api } from '@ui/api/client'
import type { Message } from '@ui/api/types'

/** Whom a mail goes to. */
export interface Addressees {
  to: string[]
  cc: string[]
  bcc: string[]
}

export const addressesOf = (text: string): string[] => text.split(/[,;\n]/).map((address) => address.trim()).filter(Boolean)

/** Sends a reply again, or one that waits at once; to others, if they are named. */
export async function resendMessage({ conversation_uuid, uuid }: Message, to?: Addressees): Promise<void> {
  await api.put(`/conversations/${conversation_uuid}/messages/${uuid}/resend`, to ?? {})
}
