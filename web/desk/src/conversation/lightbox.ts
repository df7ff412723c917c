import { shallowRef } from 'vue'
import type { Preview } from './files'

export interface LightboxItem {
  url: string
  name: string
  preview: Preview
  download?: string
}

/** What is shown large, over everything. */
export const lightbox = shallowRef<{ items: LightboxItem[]; at: number } | null>(null)

export function openLightbox(items: LightboxItem[], at = 0): void {
  if (items.length) lightbox.value = { items, at: Math.max(0, at) }
}
