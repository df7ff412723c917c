import { oneOf, preference } from '@/data/preferences'
import { watch } from 'vue'

/** How large the text of messages is shown. */
export const letterSizes = { small: '0.8125rem', normal: '0.875rem', large: '1rem', larger: '1.125rem' } as const
export type LetterSize = keyof typeof letterSizes

export const sizes = Object.keys(letterSizes) as LetterSize[]
export const letterSize = preference<LetterSize>('letterSize', 'normal', oneOf(...sizes))

watch(letterSize, (size) => document.documentElement.style.setProperty('--letter-size', letterSizes[size]), { immediate: true })
