// Writes .br and .gz siblings of the built text files, so that the server never compresses at run time.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url).pathname
const text = /\.(js|css|html|svg|json|txt|webmanifest)$/

const files = readdirSync(dist, { recursive: true })
  .map((name) => join(dist, name))
  .filter((file) => text.test(file) && statSync(file).isFile())

for (const file of files) {
  const data = readFileSync(file)
  const br = brotliCompressSync(data, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
  })
  for (const [suffix, packed] of [['.br', br], ['.gz', gzipSync(data, { level: 9 })]]) {
    if (packed.length < data.length) writeFileSync(file + suffix, packed)
    else rmSync(file + suffix, { force: true })
  }
}
console.log(`compressed ${files.length} files`)
