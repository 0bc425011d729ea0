/** The sizes that edition 2026 allows: `features.enforce_proto_limits`, which older language levels leave off. */

import type { Report } from '../../../diagnostic.ts'
import type { ProtoEnum, ProtoMessage, ProtoName } from '../ast.ts'
import { type Features, resolveFeatures } from '../feature.ts'

// protoc 36 states no table; these are what it enforces.
const limits = { fields: 1500, 'oneof fields': 1200, oneofs: 1000, values: 1700 } as const

/** Reports a message with too many fields or oneofs, and its oneofs with too many fields. `features` are those of the message. */
export function checkMessageLimits(node: ProtoMessage, features: Features, report: Report): void {
  let fields = 0
  let oneofs = 0
  for (const member of node.members) {
    if (member.kind === 'field') fields++
    if (member.kind !== 'oneof') continue
    oneofs++
    fields += member.fields.length
    const inner = resolveFeatures(features, member.options)
    refuse(member.fields.length, limits['oneof fields'], inner, member.name, 'oneof', 'fields', report)
  }
  refuse(fields, limits.fields, features, node.name, 'message', 'fields', report)
  refuse(oneofs, limits.oneofs, features, node.name, 'message', 'oneofs', report)
}

/** Reports an enum with too many values. `features` are those of the enum. */
export function checkEnumLimits(node: ProtoEnum, features: Features, report: Report): void {
  refuse(node.values.length, limits.values, features, node.name, 'enum', 'values', report)
}

function refuse(
  count: number,
  limit: number,
  features: Features,
  name: ProtoName,
  what: string,
  parts: string,
  report: Report,
): void {
  if (features.enforceProtoLimits !== 'PROTO_LIMITS2026' || count <= limit) return
  report({
    code: 'proto-limit',
    message: `${what} '${name.text}' has ${count} ${parts}; edition 2026 allows ${limit}`,
    span: name.span,
    hint: 'split it, or set features.enforce_proto_limits = LEGACY_NO_EXPLICIT_LIMITS',
  })
}
