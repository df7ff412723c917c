import { useQuery } from '@tanstack/vue-query'
import { api, ApiError } from '@ui/api/client'
import type { Media } from '@ui/api/types'
import { formatSize, t } from '@ui/i18n'
import { computed } from 'vue'
import { keys } from '@/data/query'

interface Limits {
  'app.max_file_upload_size'?: number
  'app.allowed_file_upload_extensions'?: string[] | null
}

/** What may be uploaded; the server checks again. */
export function useUploadLimits() {
  const { data } = useQuery({
    queryKey: keys.reference('settings/general'),
    queryFn: ({ signal }) => api.get<Limits>('/settings/general', { signal }),
    staleTime: 10 * 60_000,
  })
  return computed(() => ({
    bytes: (data.value?.['app.max_file_upload_size'] ?? 0) * 1_000_000,
    extensions: data.value?.['app.allowed_file_upload_extensions'] ?? ['*'],
  }))
}

/** Why a file will be refused, before it is sent; null when it may be tried. */
export function refusal(file: Pick<File, 'name' | 'size'>, limits: { bytes: number; extensions: string[] }): string | null {
  if (file.size === 0) return t('composer.file_empty', { name: file.name })
  if (limits.bytes && file.size > limits.bytes) {
    return t('composer.file_too_large', { name: file.name, size: formatSize(file.size), max: formatSize(limits.bytes) })
  }
  const extension = file.name.split('.').pop()?.toLowerCase() ?? ''
  const allowed = limits.extensions.map((one) => one.replace(/^\./, '').toLowerCase())
  if (allowed.length && !allowed.includes('*') && !allowed.includes(extension)) {
    return t('composer.file_type', { name: file.name })
  }
  return null
}

function csrf(): string {
  return /(?:^|; )csrf_token=([^;]*)/.exec(document.cookie)?.[1] ?? ''
}

/**
 * Uploads one file, without a time limit. XMLHttpRequest, because fetch does not tell how much of a
 * body has left.
 */
export function upload(
  file: File,
  options: { inline: boolean; signal: AbortSignal; onProgress: (part: number) => void },
): Promise<Media> {
  return new Promise((resolve, reject) => {
    const form = new FormData()
    form.set('files', file)
    form.set('linked_model', 'messages')
    form.set('inline', String(options.inline))
    const request = new XMLHttpRequest()
    request.open('POST', '/api/v1/media')
    request.setRequestHeader('X-CSRFTOKEN', csrf())
    request.responseType = 'json'
    request.upload.onprogress = (event) => event.lengthComputable && options.onProgress(event.loaded / event.total)
    request.onload = () => {
      const reply = request.response as { data?: Media; message?: string; error_type?: string } | null
      if (request.status === 200 && reply?.data) resolve(reply.data)
      else reject(new ApiError(request.status, reply?.error_type ?? 'GeneralException', reply?.message ?? t('composer.upload_failed', { name: file.name })))
    }
    request.onerror = () => reject(new ApiError(0, 'NetworkException', t('composer.upload_failed', { name: file.name })))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    options.signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(form)
  })
}

/** Raster images that mail programs show; SVG never travels inline. */
export const canInline = (file: Pick<File, 'type'>): boolean => /^image\/(png|jpe?g|gif|webp)$/.test(file.type)
