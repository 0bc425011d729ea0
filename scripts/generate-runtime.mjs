/** Generates the well-known protobuf types into the runtime with our own compiler. Run it after `npm run build`. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as compiler from '../dist/compiler.js'
import { generateWellKnown } from './well-known.mjs'

const out = join(dirname(fileURLToPath(import.meta.url)), '../src/runtime/protobuf/gen')
const files = generateWellKnown(compiler)
rmSync(out, { recursive: true, force: true })
for (const file of files) {
  const path = join(out, file.path)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, file.text)
}
console.log(`${files.length} files in src/runtime/protobuf/gen`)
