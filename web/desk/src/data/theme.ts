import type { Look } from '@ui/api/types'
import { computed, ref, watch, type Ref } from 'vue'

export const themes = ['light', 'dark', 'system'] as const
export type Theme = (typeof themes)[number]
export const contrasts = ['system', 'high'] as const
export type Contrast = (typeof contrasts)[number]
/** In percent of the usual size. */
export const textSizes = [90, 100, 110, 125, 150] as const

// The keys and their plain words are shared with public/assets/theme.js, which runs before the first paint.
const names = { theme: 'foyer.theme', contrast: 'foyer.contrast', text: 'foyer.text' } as const

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

const readTheme = (): Theme => themes.find((one) => one === stored(names.theme)) ?? 'system'
const readContrast = (): Contrast => contrasts.find((one) => one === stored(names.contrast)) ?? 'system'
function readText(): number {
  const size = Number(stored(names.text))
  return size >= 90 && size <= 150 ? size : 100
}

/** How the desk looks in this browser, also before anybody signed in. */
export const theme = ref<Theme>(readTheme())
export const contrast = ref<Contrast>(readContrast())
export const textSize = ref(readText())

/** By how much everything that is measured in pixels has to grow with the text. */
export const textScale = computed(() => textSize.value / 100)

const systemDark = window.matchMedia('(prefers-color-scheme: dark)')
const systemContrast = window.matchMedia('(prefers-contrast: more)')

function apply(): void {
  const { classList, style } = document.documentElement
  classList.toggle('dark', theme.value === 'dark' || (theme.value === 'system' && systemDark.matches))
  classList.toggle('contrast', contrast.value === 'high' || systemContrast.matches)
  style.setProperty('--text-scale', String(textScale.value))
}

systemDark.addEventListener('change', apply)
systemContrast.addEventListener('change', apply)
window.addEventListener('storage', ({ key }) => {
  if (key === names.theme) theme.value = readTheme()
  if (key === names.contrast) contrast.value = readContrast()
  if (key === names.text) textSize.value = readText()
})

function keep(name: string, value: Ref<string | number>): void {
  watch(value, (next) => {
    try {
      localStorage.setItem(name, String(next))
    } catch {
      // Storage is blocked: the choice lives as long as the page.
    }
    apply()
  })
}
keep(names.theme, theme)
keep(names.contrast, contrast)
keep(names.text, textSize)

/** All of it, as it is kept for the agent. */
export const look = computed<Look>(() => ({ theme: theme.value, contrast: contrast.value, text_size: textSize.value }))

/** Shows what an agent chose in another browser. */
export function adopt(chosen: Look): void {
  theme.value = chosen.theme
  contrast.value = chosen.contrast
  textSize.value = chosen.text_size
}
