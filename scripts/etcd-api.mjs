/** What the runtime generates from the part of etcd's API that discovery uses. */

import { readFileSync } from 'node:fs'

const idl = new URL('../src/runtime/discovery/etcd.proto', import.meta.url)

/** The generated modules, given `volo-ts/compiler`: path below `src/runtime/discovery/gen` and text. */
export function generateEtcdApi({ compile, memoryHost }) {
  const { files, diagnostics } = compile({
    entries: ['etcd.proto'],
    host: memoryHost({ 'etcd.proto': readFileSync(idl, 'utf8') }),
    options: { importExtension: '.ts', runtime: 'relative' },
  })
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('\n'))
  return files
}
