/** What the sign-in page says first to a visitor who comes from another page, once. */
export interface Arrival {
  tone: 'good' | 'bad'
  text: string
}

let waiting: Arrival | undefined

export const arrival = {
  leave(message: Arrival): void {
    waiting = message
  },
  take(): Arrival | undefined {
    const message = waiting
    waiting = undefined
    return message
  },
}
