/** What a type is under its aliases, and which TypeScript container holds it. */

import { isInt64 } from '../../runtime/core/message/schema.ts'
import type { IrEnum, IrMessage, IrType, ScalarName } from '../ir/ir.ts'
import { underlying } from '../ir/underlying.ts'

export { isInt64 }

/** A type without aliases: a scalar, an enum, a message or a container. */
export type ResolvedType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarName }
  | { readonly kind: 'enum'; readonly enum: IrEnum }
  | { readonly kind: 'message'; readonly message: IrMessage }
  | { readonly kind: 'list' | 'set'; readonly element: IrType }
  | { readonly kind: 'map'; readonly key: IrType; readonly value: IrType }

/** Follows typedefs to what the type is. Elements, keys and values stay as written. */
export function resolve(type: IrType): ResolvedType {
  const at = underlying(type)
  if (at.kind !== 'reference') return at
  const { target, text } = at.reference
  if (target?.kind === 'message') return { kind: 'message', message: target }
  if (target?.kind === 'enum') return { kind: 'enum', enum: target }
  throw new Error(`'${text}' is not linked to a type`)
}

/** The message behind a type, if it is one. */
export function messageOf(type: IrType): IrMessage | undefined {
  const resolved = resolve(type)
  return resolved.kind === 'message' ? resolved.message : undefined
}

/** Whether a type is text under its aliases. */
export function isString(type: IrType): boolean {
  const resolved = resolve(type)
  return resolved.kind === 'scalar' && (resolved.scalar === 'string' || resolved.scalar === 'uuid')
}

/** Whether the elements of a set of this type are told apart by value in JavaScript; else it is an array. */
export function setShape(element: IrType): 'set' | 'array' {
  return isKeyable(element) ? 'set' : 'array'
}

/** What holds a map with keys of this type: for text the `form` that is asked for, else a Map, or an array of pairs. */
export function mapShape(key: IrType, form: 'record' | 'map'): 'record' | 'map' | 'pairs' {
  if (isString(key)) return form
  return isKeyable(key) ? 'map' : 'pairs'
}

/** Whether the input form of a type differs from its output form: messages and containers do, scalars and enums do not. */
export function hasInputForm(type: IrType): boolean {
  const { kind } = resolve(type)
  return kind !== 'scalar' && kind !== 'enum'
}

function isKeyable(type: IrType): boolean {
  const resolved = resolve(type)
  return resolved.kind === 'enum' || (resolved.kind === 'scalar' && resolved.scalar !== 'bytes')
}
