// Fails when the script needed to sign in and see the inbox outgrows its budget.
import { readFileSync, statSync } from 'node:fs'

const budget = 250_000 // bytes, brotli
const screens = ['src/auth/SignInPage.vue', 'src/shell/AppShell.vue', 'src/inbox/InboxPage.vue']

const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist)))
const scripts = new Set(['assets/theme.js'])

function collect(key) {
  const chunk = manifest[key]
  if (!chunk) throw new Error(`${key} is not in the manifest`)
  if (scripts.has(chunk.file)) return
  scripts.add(chunk.file)
  for (const next of chunk.imports ?? []) collect(next)
}
;['index.html', ...screens].forEach(collect)

const packed = (file) => {
  const path = new URL(file, dist)
  return statSync(new URL(`${file}.br`, dist), { throwIfNoEntry: false })?.size ?? statSync(path).size
}
let total = 0
for (const file of scripts) {
  const size = packed(file)
  total += size
  console.log(`${String(size).padStart(8)}  ${file}`)
}
console.log(`${String(total).padStart(8)}  of ${budget} bytes allowed (brotli)`)
if (total > budget) process.exit(1)
