/** The rule of `extend` blocks: they declare something. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoExtend } from '../ast.ts'

/** protoc refuses an extension without fields; Rust Volo's own pilota.proto has such, and it harms nobody. */
export function checkExtend({ extendee, fields, whole }: ProtoExtend, report: Report): void {
  if (fields.length > 0 || !whole) return
  report({
    code: 'empty-extend',
    message: `'extend ${extendee.text}' declares nothing`,
    span: extendee.span,
    hint: 'remove it: protoc refuses an extend without fields',
  })
}
