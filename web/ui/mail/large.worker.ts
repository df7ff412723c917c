import { cleanText } from './large'
import type { Pictures } from './policy'

/** What a page asks for. */
export interface Order {
  html: string
  pictures: Pictures
}

self.onmessage = ({ data }: MessageEvent<Order>) => self.postMessage(cleanText(data.html, data.pictures))
