export const isMac = /Mac|iP(hone|ad)/.test(navigator.platform)

const names: Record<string, string> = {
  Mod: isMac ? '⌘' : 'Ctrl',
  Shift: '⇧',
  Alt: isMac ? '⌥' : 'Alt',
  Enter: '↵',
  Escape: 'Esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
}

/** A binding as it is printed, one part a key cap: `Mod+k` is ⌘ K on a Mac, Ctrl K elsewhere. */
export function keyParts(keys: string): string[] {
  return keys.split(' ').flatMap((stroke) => stroke.split('+').map((part) => names[part] ?? part.toUpperCase()))
}
