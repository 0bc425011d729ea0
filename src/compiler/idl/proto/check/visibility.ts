/** What the strict visibility of edition 2026 forbids: exporting what stands inside a message. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoMessage } from '../ast.ts'
import type { Features } from '../feature.ts'

/** Reports nested declarations marked `export` under `features.default_symbol_visibility = STRICT`. `features` are those of the message. */
export function checkVisibility(node: ProtoMessage, features: Features, report: Report): void {
  if (features.defaultSymbolVisibility !== 'STRICT') return
  for (const member of node.members) {
    if ((member.kind !== 'message' && member.kind !== 'enum') || member.visibility !== 'export') continue
    if (member.kind === 'enum' && isNamespace(node)) continue
    report({
      code: 'visibility',
      message: `'${member.name.text}' stands inside '${node.name.text}' and cannot be exported`,
      span: member.name.span,
      hint:
        member.kind === 'message'
          ? 'move it out of the message'
          : `move it out of the message, or make '${node.name.text}' a local message with: reserved 1 to max;`,
    })
  }
}

/** A local message that can never have a field serves as the namespace of exported enums. */
function isNamespace(node: ProtoMessage): boolean {
  if (node.visibility === 'export') return false
  return node.members.some(
    (member) =>
      member.kind === 'reserved' &&
      member.ranges.some(({ start, end }) => start === 1 && end === Number.POSITIVE_INFINITY),
  )
}
