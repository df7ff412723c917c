import { signedInAgent } from './session'

/**
 * What this browser keeps for the signed-in agent alone: others who sign in here do not come across it. Null where the
 * browser keeps nothing. Nothing is read or kept before it is known who is signed in.
 */
export function ownStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null {
  let storage: Storage
  try {
    storage = window.localStorage
  } catch {
    return null
  }
  const own = (name: string): string => `${name}#${signedInAgent()}`
  return {
    getItem: (name) => (signedInAgent() ? storage.getItem(own(name)) : null),
    setItem: (name, text) => void (signedInAgent() && storage.setItem(own(name), text)),
    removeItem: (name) => storage.removeItem(own(name)),
  }
}
