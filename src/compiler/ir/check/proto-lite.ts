/** The rules of `optimize_for = LITE_RUNTIME`: what has descriptors cannot build on what has none. */

import type { Report } from '../../diagnostic.ts'
import type { IrFile } from '../ir.ts'

/** Reports files with descriptors that import lite ones, and lite extensions of messages with descriptors. */
export function checkLite(files: readonly IrFile[], report: Report): void {
  const lite = new Set(files.filter(isLite))
  if (lite.size === 0) return
  for (const file of files) {
    if (!lite.has(file)) {
      for (const { file: imported, span } of file.imports) {
        if (imported === undefined || !lite.has(imported)) continue
        report({
          code: 'option-place',
          message: `'${imported.source.logicalPath}' has optimize_for = LITE_RUNTIME and cannot be imported by a file without it`,
          span,
          hint: 'set the option in both files or in none',
        })
      }
      continue
    }
    for (const one of file.declarations) {
      const extended = one.kind === 'extension' ? one.extendee.target : undefined
      if (one.kind !== 'extension' || extended === undefined || lite.has(extended.file)) continue
      report({
        code: 'extension',
        message: `'${extended.fullName}' is not of the lite runtime and cannot be extended by a file with optimize_for = LITE_RUNTIME`,
        span: one.span,
        related: [{ message: 'it is declared here', span: extended.span }],
      })
    }
  }
}

function isLite({ annotations }: IrFile): boolean {
  return annotations.some(({ name, value }) => name === 'optimize_for' && value === 'LITE_RUNTIME')
}
