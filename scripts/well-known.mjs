/** What the runtime generates from the bundled google protos, and how: the input of the compiler, and which outputs count. */

const imports = [
  'google/protobuf/any.proto',
  'google/protobuf/duration.proto',
  'google/protobuf/empty.proto',
  'google/protobuf/field_mask.proto',
  'google/protobuf/struct.proto',
  'google/protobuf/timestamp.proto',
  'google/protobuf/wrappers.proto',
  'google/rpc/code.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
]
const entry = `syntax = "proto3";\n${imports.map((path) => `import "${path}";\n`).join('')}`

/** The generated modules, given `volo-ts/compiler`: path below `src/runtime/protobuf/gen` and text. */
export function generateWellKnown({ compile, memoryHost }) {
  const { files, diagnostics } = compile({
    entries: ['all.proto'],
    host: memoryHost({ 'all.proto': entry }),
    options: { importExtension: '.ts', runtime: 'relative', touchAll: true },
  })
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('\n'))
  return files.filter((file) => file.path !== 'all.ts')
}
