import { toast } from '@ui/toast/toasts'
import { reactive, type Ref } from 'vue'
import type { Upload, Writing } from './session'
import { canInline, refusal, upload, useUploadLimits } from './uploads'

/** What attaching needs of the editor: pictures stand in the text while they are on their way up. */
export interface PictureEditor {
  insertImage: (src: string, alt: string) => void
  replaceImage: (from: string, to: string | null) => void
}

const maxInline = 50

/** Uploads files for a message. Each is bound to the session it was started in: switching does not move it elsewhere. */
export function useAttaching<S extends Writing>(options: {
  session: Readonly<Ref<S>>
  editor: Ref<PictureEditor | undefined>
  /** Whether pictures may stand in the text. */
  pictures: () => boolean
  /** A session has another file. */
  changed: (session: S) => void
}) {
  const { session, editor } = options
  const limits = useUploadLimits()

  function addFiles(files: readonly File[], inline: boolean): void {
    for (const file of files) {
      const reason = refusal(file, limits.value)
      if (reason) toast(reason, { kind: 'error' })
      else void add(session.value, file, inline && options.pictures() && canInline(file))
    }
  }

  async function add(owner: S, file: File, wantInline: boolean): Promise<void> {
    const target: Writing = owner
    const pictures = target.attachments.filter((one) => one.disposition === 'inline').length
    const inline = wantInline && pictures < maxInline && !!editor.value
    const local = inline ? URL.createObjectURL(file) : ''
    if (inline) editor.value?.insertImage(local, file.name)
    const entry = reactive<Upload>({ key: crypto.randomUUID(), name: file.name, size: file.size, part: 0, error: '', inline, cancel: () => {}, retry: () => {} })
    target.uploads.push(entry)
    const drop = (): void => {
      target.uploads = target.uploads.filter((one) => one.key !== entry.key)
    }
    const swap = (to: string | null): void => {
      if (!inline) return
      if (session.value === owner) editor.value?.replaceImage(local, to)
      else target.content = swapImage(target.content, local, to)
      URL.revokeObjectURL(local)
    }
    const attempt = async (): Promise<void> => {
      const abort = new AbortController()
      Object.assign(entry, { error: '', part: 0, cancel: () => abort.abort() })
      try {
        const media = await upload(file, { inline, signal: abort.signal, onProgress: (part) => (entry.part = part) })
        drop()
        swap(`/uploads/${media.uuid}`)
        const { id, uuid, filename, size, content_type, url } = media
        target.attachments.push({ id, uuid, filename, size, content_type, url, disposition: inline ? 'inline' : 'attachment' })
        options.changed(owner)
      } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') {
          swap(null)
          return drop()
        }
        entry.error = error instanceof Error ? error.message : String(error)
        entry.cancel = () => {
          swap(null)
          drop()
        }
      }
    }
    entry.retry = () => void attempt()
    await attempt()
  }

  return { addFiles }
}

/** Gives a picture in a text another address, or takes it out. */
export function swapImage(html: string, from: string, to: string | null): string {
  const body = new DOMParser().parseFromString(html, 'text/html').body
  for (const image of body.querySelectorAll('img')) {
    if (image.getAttribute('src') !== from) continue
    if (to) image.setAttribute('src', to)
    else image.remove()
  }
  return body.innerHTML
}
