import { computed, ref } from 'vue'

/** The classes of the page, which decide on its colours. */
const looks = ref(document.documentElement.className)
new MutationObserver(() => (looks.value = document.documentElement.className)).observe(document.documentElement, { attributeFilter: ['class'] })

/** The colours of the page as a mail uses them. Reading them makes the browser compute styles: once for each look is enough. */
export const palette = computed(() => {
  const look = looks.value.split(' ')
  const style = getComputedStyle(document.documentElement)
  const value = (name: string): string => style.getPropertyValue(name).trim()
  return { text: value('--slate-12'), link: value('--iris-11'), quote: value('--slate-6'), dark: look.includes('dark') }
})

const root = document.documentElement
const sizeOf = (): string => `${root.style.getPropertyValue('--text-scale')} ${root.style.getPropertyValue('--letter-size')}`
const size = ref(sizeOf())
new MutationObserver(() => (size.value = sizeOf())).observe(root, { attributeFilter: ['style'] })

/** Pixels of the text of messages, as the reader chose it, for mails that do not name a size of their own. */
export const letterPixels = computed(() => {
  void size.value
  const style = getComputedStyle(root)
  const letter = parseFloat(style.getPropertyValue('--letter-size')) || 0.875
  return Math.round(letter * (parseFloat(style.fontSize) || 16) * 10) / 10
})

/** Whether the page is dark. */
export const dark = computed(() => palette.value.dark)
