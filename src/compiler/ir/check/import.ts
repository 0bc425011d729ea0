/** Check: included files that nothing uses. */

import type { Report } from '../../diagnostic.ts'
import type { IrProgram } from '../ir.ts'

/** Warns of includes and imports of the entry files of which nothing is used. Public and option imports serve others and are left alone. */
export function checkImports(program: IrProgram, report: Report): void {
  for (const file of program.entries) {
    for (const { path, kind, used, span, file: target } of file.imports) {
      if (used || target === undefined || kind === 'public' || kind === 'option') continue
      if (file.idl === 'thrift' && file.declarations.length === 0) continue
      report({ code: 'unused-import', message: `nothing of '${path}' is used`, span, hint: 'remove the line' })
    }
  }
}
