/** What a type is once typedefs are followed. */

import type { IrDeclaration, IrType } from './ir.ts'

/** Follows typedefs at the head of a linked type; elements, keys and values stay as written. A cycle or an unresolved name ends the way. */
export function underlying(type: IrType): IrType {
  let at = type
  for (let hops = 0; hops < 1_000; hops++) {
    if (at.kind !== 'reference') return at
    const target = at.reference.target
    if (target?.kind !== 'typedef') return at
    at = target.type
  }
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
