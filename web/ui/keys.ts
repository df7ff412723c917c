import { t } from './i18n'

export const isMac = /Mac|iP(hone|ad)/.test(navigator.platform)

const names: Record<string, string> = {
  Shift: '⇧',
  Alt: isMac ? '⌥' : 'Alt',
  Enter: '↵',
  Escape: 'Esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
}

/** A binding as it is printed, one part a key cap: `Mod+k` is ⌘ K on a Mac, Ctrl K elsewhere. */
export function keyParts(keys: string): string[] {
  const mod = isMac ? '⌘' : t('key.ctrl')
  return keys.split(' ').flatMap((stroke) => stroke.split('+').map((part) => (part === 'Mod' ? mod : (names[part] ?? part.toUpperCase()))))
}
