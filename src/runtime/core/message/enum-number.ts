/** enumNumber: what stands on the wire for an enum's value, which may be a name. */

import { invalidValue } from './invalid-value.ts'
import type { EnumPlan } from './message-plan.ts'

/** The number of a value; text must name one. Throws RpcError INVALID_ARGUMENT for text that does not. */
export function enumNumber(type: EnumPlan, value: unknown): number {
  if (typeof value !== 'string' || !type.byName) return value as number
  const number = type.numbers.get(value)
  if (number === undefined) throw invalidValue(value, `a name of ${type.schema.name}`)
  return number
}
