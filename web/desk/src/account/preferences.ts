import { singleKeys } from '@/commands/registry'
import { ref, watch } from 'vue'

/** What an agent likes, kept in this browser. Storage may be blocked: then it lasts as long as the page. */
export type Theme = 'system' | 'light' | 'dark'
export type LetterSize = 'small' | 'normal' | 'large' | 'larger'

export const themes: readonly Theme[] = ['system', 'light', 'dark']
export const letterSizes: Readonly<Record<LetterSize, string>> = {
  small: '0.8125rem',
  normal: '0.875rem',
  large: '1rem',
  larger: '1.125rem',
}

function read<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
  try {
    const stored = localStorage.getItem(name) as T
    return allowed.includes(stored) ? stored : otherwise
  } catch {
    return otherwise
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // Nothing to do about it: the choice holds until the page is left.
  }
}

export const theme = ref<Theme>(read('foyer.theme', themes, 'system'))
export const letterSize = ref<LetterSize>(read('foyer.letterSize', Object.keys(letterSizes) as LetterSize[], 'normal'))

const systemDark = matchMedia('(prefers-color-scheme: dark)')

function paint(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && systemDark.matches)
  document.documentElement.classList.toggle('dark', dark)
}

/** Applies what is stored and keeps it applied. Called once, before the first screen. */
export function applyPreferences(): void {
  singleKeys.value = read('foyer.singleKeys', ['on', 'off'], 'on') === 'on'
  systemDark.addEventListener('change', paint)
  watch(
    theme,
    (value) => {
      write('foyer.theme', value)
      paint()
    },
    { immediate: true },
  )
  watch(
    letterSize,
    (value) => {
      write('foyer.letterSize', value)
      document.documentElement.style.setProperty('--letter-size', letterSizes[value])
    },
    { immediate: true },
  )
  watch(singleKeys, (on) => write('foyer.singleKeys', on ? 'on' : 'off'))
}
