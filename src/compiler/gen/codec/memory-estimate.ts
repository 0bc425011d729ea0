/** How much memory a message takes before its fields are read: what the printed decode counts against its budget. */

import { arrayWeight, bytesWeight, tableWeight } from '../../../runtime/core/bytes/memory-budget.ts'
import type { IrMessage, IrType } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { membersOf } from '../member.ts'
import { mapShape, resolve, setShape } from '../type-shape.ts'

// In units of 16 bytes: an object's header, a `{ case, value }`, and an Error with its stack.
const objectWeight = 2
// An empty object literal keeps room for four properties.
const emptyObjectWeight = 5
const choiceWeight = 3
const errorWeight = 64

/** The weight of a message with nothing but its defaults. */
export function memoryEstimate(message: IrMessage, context: ModuleContext): number {
  if (message.shape === 'union') return choiceWeight
  const members = membersOf(message, context.names)
  let weight = members.length === 0 ? emptyObjectWeight : objectWeight + Math.ceil(members.length / 2)
  if (message.shape === 'exception') weight += errorWeight
  for (const member of members) {
    if (member.kind === 'oneof') weight += choiceWeight
    else if (member.filled) weight += emptyWeight(member.field.type, context)
  }
  return weight
}

function emptyWeight(of: IrType, context: ModuleContext): number {
  const type = resolve(of)
  switch (type.kind) {
    case 'list':
      return arrayWeight
    case 'set':
      return setShape(type.element) === 'set' ? tableWeight : arrayWeight
    case 'map':
      return mapShape(type.key, context.options.map) === 'pairs' ? arrayWeight : tableWeight
    case 'scalar':
      return type.scalar === 'bytes' ? bytesWeight : 0
    default:
      return 0
  }
}
