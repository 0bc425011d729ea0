/** The rule that features belong to editions. */

import type { Report } from '../../diagnostic.ts'
import type { ProtoOption, ProtoSyntax } from './ast.ts'

/** Reports features set in proto2 and proto3. */
export function checkFeatureUse(options: readonly ProtoOption[], syntax: ProtoSyntax, report: Report): void {
  if (syntax !== 'proto2' && syntax !== 'proto3') return
  for (const { path, span } of options) {
    if (path[0]!.text !== 'features' || path[0]!.extension) continue
    report({
      code: 'feature',
      message: `features need an edition; this file is ${syntax}`,
      span,
      hint: 'start the file with: edition = "2023";',
    })
  }
}
