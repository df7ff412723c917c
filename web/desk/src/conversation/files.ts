import { File, FileArchive, FileAudio, FileImage, FileSpreadsheet, FileText, FileVideo } from '@lucide/vue'
import { ownUpload } from '@ui/mail/policy'
import type { Component } from 'vue'

/** What can be shown without leaving the page. */
export type Preview = 'image' | 'pdf' | 'text' | 'video' | 'audio' | null

export function previewOf(contentType: string): Preview {
  const type = contentType.split(';')[0]!.trim().toLowerCase()
  if (/^image\/(png|jpe?g|gif|webp|avif|bmp)$/.test(type)) return 'image'
  if (type === 'application/pdf') return 'pdf'
  if (/^video\/(mp4|webm|ogg|quicktime)$/.test(type)) return 'video'
  if (/^audio\/(mpeg|mp3|mp4|aac|ogg|opus|webm|wav|x-wav|wave|flac|x-m4a)$/.test(type)) return 'audio'
  if (/^text\/(plain|csv|markdown|x-log)$/.test(type) || type === 'application/json') return 'text'
  return null
}

const icons: [RegExp, Component, string][] = [
  [/^image\//, FileImage, 'text-iris-11'],
  [/^audio\//, FileAudio, 'text-sky-11'],
  [/^video\//, FileVideo, 'text-sky-11'],
  [/pdf/, FileText, 'text-red-11'],
  [/zip|tar|compressed|archive/, FileArchive, 'text-amber-11'],
  [/csv|sheet|excel/, FileSpreadsheet, 'text-grass-11'],
  [/^text\/|document|word/, FileText, 'text-slate-11'],
]

/** The icon of a file and its colour, by type and not by state. */
export function fileIcon(contentType: string): { icon: Component; colour: string } {
  const hit = icons.find(([type]) => type.test(contentType))
  return hit ? { icon: hit[1], colour: hit[2] } : { icon: File, colour: 'text-slate-11' }
}

/** The address that saves a file; the session opens it. */
export const downloadAddress = (uuid: string): string => `/uploads/${encodeURIComponent(uuid)}?download=1`

/** The address that saves all attachments of a message as one archive. */
export const archiveAddress = (conversation: string, message: string): string => `/api/v1/conversations/${conversation}/messages/${message}/attachments`

/** The address of one of our files on this origin. */
export const sameOrigin = (address: string): string => ownUpload(address) ?? address
