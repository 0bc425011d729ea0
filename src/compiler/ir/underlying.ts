/** What a type is once typedefs are followed, and what a value is once constants are. */

import type { IrConst, IrDeclaration, IrType, IrTypedef, IrValue } from './ir.ts'

// Chains are walked once: each of n names would else walk the rest of its chain.
const types = new WeakMap<IrTypedef, IrType>()
const values = new WeakMap<IrConst, IrValue>()

/** Follows typedefs at the head of a linked type; elements, keys and values stay as written. A cycle or an unresolved name ends the way. */
export function underlying(type: IrType): IrType {
  if (type.kind !== 'reference' || type.reference.target?.kind !== 'typedef') return type
  let at: IrType = type
  const passed = new Set<IrTypedef>()
  while (at.kind === 'reference') {
    const target: IrDeclaration | undefined = at.reference.target
    // What is not linked yet may be later.
    if (target === undefined) return at
    if (target.kind !== 'typedef') break
    const known = types.get(target)
    if (known !== undefined) {
      at = known
      break
    }
    if (passed.has(target)) return at
    passed.add(target)
    at = target.type
  }
  for (const one of passed) types.set(one, at)
  return at
}

/** Follows constants to the literal or enum value that a linked value stands for; undefined on a cycle or an unresolved name. */
export function literal(value: IrValue): IrValue | undefined {
  let at = value
  const passed = new Set<IrConst>()
  while (at.kind === 'name' && at.enumValue === undefined) {
    const target: IrDeclaration | undefined = at.reference.target
    if (target?.kind !== 'const' || passed.has(target)) return undefined
    const known = values.get(target)
    passed.add(target)
    at = known ?? target.value
  }
  for (const one of passed) values.set(one, at)
  return at
}

/** The message, enum or other declaration that a linked type stands for, typedefs followed; undefined for scalars, containers and unresolved names. */
export function declarationOf(type: IrType): IrDeclaration | undefined {
  const at = underlying(type)
  return at.kind === 'reference' ? at.reference.target : undefined
}

/** The type as it reads in a message to people: `list<shop.Money>`. */
export function typeText(type: IrType): string {
  switch (type.kind) {
    case 'scalar':
      return scalarText[type.scalar] ?? type.scalar
    case 'reference':
      return type.reference.text
    case 'map':
      return `map<${typeText(type.key)}, ${typeText(type.value)}>`
    default:
      return `${type.kind}<${typeText(type.element)}>`
  }
}

const scalarText: Readonly<Record<string, string>> = { f64: 'double', bytes: 'binary' }
