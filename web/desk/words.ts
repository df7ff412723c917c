import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

type Words = Record<string, string>

/** Which of the English texts come with the first script, and which with the administration. What neither names is the server's own. */
export interface Parts {
  desk: Words
  admin: Words
}

/** The text of every source file below some folders that `wanted` takes; tests name keys that nobody is shown. */
function sources(folders: readonly string[], wanted: (path: string) => boolean): string {
  return folders
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((path) => /(?<!\.test)\.(ts|vue)$/.test(path) && wanted(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
}

/**
 * Divides the catalogue. Keys stand in the source as they are, in single quotes, or begin there as a template does: `account.theme.${one}`. The pages
 * of the administration are the folders below desk/src/admin.
 */
export function divide(words: Words, desk: string, ui: string): Parts {
  const page = /[\\/]admin[\\/][^\\/]+[\\/]/
  const everything = sources([desk, ui], () => true)
  const first = sources([desk, ui], (path) => !page.test(path))
  const whole = new Set([...first.matchAll(/['`](admin\.[\w.]+)['`]/g)].map((found) => found[1]))
  const begun = [...first.matchAll(/`(admin\.[\w.]*)\$\{/g)].map((found) => found[1]!)
  const families = new Set([...everything.matchAll(/['`]([a-z_]+)\.[\w.]*(?:['`]|\$\{)/g)].map((found) => found[1]))
  const parts: Parts = { desk: {}, admin: {} }
  for (const [key, text] of Object.entries(words)) {
    if (!families.has(key.split('.')[0])) continue
    const later = key.startsWith('admin.') && !whole.has(key) && !begun.some((start) => key.startsWith(start))
    parts[later ? 'admin' : 'desk'][key] = text
  }
  return parts
}

/** Serves the parts as modules: `virtual:words/desk` and `virtual:words/admin`. */
export function words(catalogue: string, desk: string, ui: string): Plugin {
  const name = /^\0?virtual:words\/(desk|admin)$/
  return {
    name: 'words',
    resolveId: (id) => (name.test(id) ? `\0${id}` : undefined),
    load(id) {
      const part = name.exec(id)?.[1] as keyof Parts | undefined
      if (!part) return undefined
      this.addWatchFile(catalogue)
      const all = JSON.parse(readFileSync(catalogue, 'utf8')) as Words
      return `export default ${JSON.stringify(divide(all, desk, ui)[part])}`
    },
  }
}
