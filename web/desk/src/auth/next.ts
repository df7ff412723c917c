/** Where an agent lands who did not ask for a page. */
export const home = '/inboxes/assigned'

/**
 * The page to go to after signing in: `next` if it is a path of this application, home otherwise. An
 * address of another host, or one that a browser would read as such, never passes.
 */
export function localPath(next: unknown): string {
  if (typeof next !== 'string' || !/^\/[^/\\]/.test(next)) return home
  const url = new URL(next, window.location.origin)
  return url.origin === window.location.origin ? url.pathname + url.search + url.hash : home
}
