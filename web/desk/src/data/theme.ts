import { ref, watch } from 'vue'

export const themes = ['light', 'dark', 'system'] as const
export type Theme = (typeof themes)[number]

// The key and the plain word are shared with public/assets/theme.js, which runs before the first paint.
const key = 'foyer.theme'

function stored(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system'
  } catch {
    return 'system'
  }
}

/** The appearance that this browser's user chose. */
export const theme = ref<Theme>(stored())

const systemDark = window.matchMedia('(prefers-color-scheme: dark)')

function apply(): void {
  const dark = theme.value === 'dark' || (theme.value === 'system' && systemDark.matches)
  document.documentElement.classList.toggle('dark', dark)
}

systemDark.addEventListener('change', apply)
window.addEventListener('storage', (event) => {
  if (event.key === key) theme.value = stored()
})
watch(theme, (next) => {
  try {
    localStorage.setItem(key, next)
  } catch {
    // Storage is blocked: the choice lives as long as the page.
  }
  apply()
})
