import type { Uuid } from '@ui/api/types'

/** Opens a conversation in a window of its own, or shows the window that it has. */
export function popOut(uuid: Uuid): void {
  window.open(`/inboxes/conversation/${uuid}`, `foyer-${uuid}`, 'popup,width=920,height=860')
}

/** Whether this window was made for one conversation: there is no list to go back to. */
export const isPopOut = (): boolean => location.pathname.startsWith('/inboxes/conversation/')
