/** What the runtime generates from its own Thrift IDL: reflection. */

import { readFileSync } from 'node:fs'

const idl = new URL('../src/runtime/thrift/reflection.thrift', import.meta.url)

/** The generated modules, given `volo-ts/compiler`: path below `src/runtime/thrift/gen` and text. */
export function generateThriftReflection({ compile, memoryHost }) {
  const { files, diagnostics } = compile({
    entries: ['reflection.thrift'],
    host: memoryHost({ 'reflection.thrift': readFileSync(idl, 'utf8') }),
    options: { importExtension: '.ts', runtime: 'relative' },
  })
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('\n'))
  return files
}
