/** Check: included files that nothing uses. */

import type { Report } from '../diagnostic.ts'
import type { IrFile, IrProgram } from './ir.ts'

/** Warns of includes and imports of the entry files of which nothing is used. Public and option imports serve others and are left alone. */
export function checkImports(program: IrProgram, report: Report): void {
  for (const file of program.entries) {
    for (const { path, kind, used, span, file: target } of file.imports) {
      if (used || target === undefined || kind === 'public' || kind === 'option') continue
      if (file.idl === 'protobuf' && bringsExtensions(target, new Set())) continue
      if (file.idl === 'thrift' && file.declarations.length === 0) continue
      report({ code: 'unused-import', message: `nothing of '${path}' is used`, span, hint: 'remove the line' })
    }
  }
}

/** True when a file declares extensions, itself or through public imports: options may use them. */
function bringsExtensions(file: IrFile, seen: Set<IrFile>): boolean {
  if (seen.has(file)) return false
  seen.add(file)
  if (file.declarations.some((declaration) => declaration.kind === 'extension')) return true
  return file.imports.some((via) => via.kind === 'public' && via.file !== undefined && bringsExtensions(via.file, seen))
}
