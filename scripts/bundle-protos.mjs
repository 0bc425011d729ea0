// Writes src/compiler/idl/proto/bundled.ts from the .proto files of the google-proto-files package. Run it after that package is updated.
import { readFileSync, writeFileSync } from 'node:fs'

const root = new URL('../node_modules/google-proto-files/', import.meta.url)
const target = new URL('../src/compiler/idl/proto/bundled.ts', import.meta.url)

const names = [
  ...[
    'any',
    'api',
    'descriptor',
    'duration',
    'empty',
    'field_mask',
    'source_context',
    'struct',
    'timestamp',
    'type',
    'wrappers',
  ].map((name) => `google/protobuf/${name}.proto`),
  ...['code', 'error_details', 'status'].map((name) => `google/rpc/${name}.proto`),
  ...['annotations', 'field_behavior', 'http'].map((name) => `google/api/${name}.proto`),
]

const quoted = (text) => `\`${text.replace(/[\\`]|\$(?=\{)/g, '\\$&')}\``

const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const entries = names.map((name) => {
  const text = readFileSync(new URL(name, root), 'utf8').replaceAll('\r\n', '\n')
  return `  '${name}': ${quoted(text)},\n`
})

writeFileSync(
  target,
  `/** The google protos that every program finds, last in the search. Written by scripts/bundle-protos.mjs from google-proto-files ${version}; their licences are in THIRD_PARTY_NOTICES. */

/** Text of each file, licence header included, by the path under which it is imported. */
export const bundledProtos: Readonly<Record<string, string>> = {
${entries.join('')}}
`,
)
console.log(`${names.length} files from google-proto-files ${version}`)
