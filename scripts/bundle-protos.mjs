// Writes src/compiler/idl/proto/bundled.ts: google/protobuf from the include folder of the npm package protoc, google/rpc and google/api from
// google-proto-files, and scripts/pilota.proto. Run it after one of these packages is updated.
import { readFileSync, writeFileSync } from 'node:fs'

const target = new URL('../src/compiler/idl/proto/bundled.ts', import.meta.url)
const modules = new URL('../node_modules/', import.meta.url)

const sources = [
  {
    root: new URL('../node_modules/protoc/include/', import.meta.url),
    names: [
      'any',
      'api',
      'c_sharp_features',
      'compiler/plugin',
      'cpp_features',
      'cpp_file_options',
      'cpp_options',
      'descriptor',
      'duration',
      'empty',
      'field_mask',
      'go_features',
      'java_features',
      'json_enumvalue_options',
      'json_options',
      'source_context',
      'struct',
      'timestamp',
      'type',
      'wrappers',
    ].map((name) => `google/protobuf/${name}.proto`),
  },
  {
    root: new URL('../node_modules/google-proto-files/', import.meta.url),
    names: [
      ...['code', 'error_details', 'status'].map((name) => `google/rpc/${name}.proto`),
      ...['annotations', 'field_behavior', 'http'].map((name) => `google/api/${name}.proto`),
    ],
  },
  { root: new URL('./', import.meta.url), names: ['pilota.proto'] },
]

const quoted = (text) => `\`${text.replace(/[\\`]|\$(?=\{)/g, '\\$&')}\``

const versionOf = (name) => JSON.parse(readFileSync(new URL(`${name}/package.json`, modules), 'utf8')).version
const from = `protoc ${versionOf('protoc')}, google-proto-files ${versionOf('google-proto-files')} and pilota-build`
const entries = sources.flatMap(({ root, names }) =>
  names.map((name) => {
    const text = readFileSync(new URL(name, root), 'utf8').replaceAll('\r\n', '\n')
    return `  '${name}': ${quoted(text)},\n`
  }),
)

writeFileSync(
  target,
  `/** The .proto files that every program finds, last in the search. Written by scripts/bundle-protos.mjs from ${from}; their licences are in THIRD_PARTY_NOTICES. */

/** Text of each file, licence header included, by the path under which it is imported. */
export const bundledProtos: Readonly<Record<string, string>> = {
${entries.join('')}}
`,
)
console.log(`${entries.length} files from ${from}`)
