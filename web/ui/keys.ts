import { ref } from 'vue'
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

/** Whether characters alone are keys, as in `j`, `Shift+u` and `g i`; the app may let its users turn them off. */
export const characterKeys = ref(true)

/** Whether a binding does something, and is printed therefore. */
export const works = (keys: string): boolean =>
  characterKeys.value || keys.split(' ').every((stroke) => /^(Mod|Alt)\+/.test(stroke) || stroke.replace(/^Shift\+/, '').length > 1)

/** A binding as it is printed, one part a key cap: `Mod+k` is ⌘ K on a Mac, Ctrl K elsewhere. */
export function keyParts(keys: string): string[] {
  const mod = isMac ? '⌘' : t('key.ctrl')
  return keys.split(' ').flatMap((stroke) => stroke.split('+').map((part) => (part === 'Mod' ? mod : (names[part] ?? part.toUpperCase()))))
}
