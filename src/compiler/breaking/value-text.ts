/** Values as text that is equal where they mean the same: constants and enum names followed, ways of writing put aside. */

import type { IrType, IrValue } from '../ir/ir.ts'
import { declarationOf, underlying } from '../ir/underlying.ts'

/** Values are followed so far; beyond that they count as the same. */
const maximumNodes = 100_000

/** A value of a type, as text that only compares. */
export function valueText(value: IrValue, type: IrType): string {
  return textOf(value, type, { left: maximumNodes })
}

/** What an absent field of a type means where absence means zero; undefined for what has no zero value that could be written. */
export function zeroText(type: IrType): string | undefined {
  const at = underlying(type)
  switch (at.kind) {
    case 'scalar':
      if (at.scalar === 'bool') return 'false'
      return at.scalar === 'string' || at.scalar === 'bytes' || at.scalar === 'uuid' ? '""' : '0'
    case 'reference': {
      const target = declarationOf(at)
      return target?.kind === 'enum' ? String(target.closed ? (target.values[0]?.number ?? 0) : 0) : undefined
    }
    case 'map':
      return '{}'
    default:
      return '[]'
  }
}

function textOf(value: IrValue, type: IrType, budget: { left: number }): string {
  if (budget.left-- <= 0) return '…'
  const at = underlying(type)
  switch (value.kind) {
    case 'bool':
      return String(value.value)
    case 'int':
      if (at.kind === 'scalar' && at.scalar === 'bool') return String(value.value !== 0n)
      return at.kind === 'scalar' && (at.scalar === 'f64' || at.scalar === 'f32')
        ? String(Number(value.value))
        : String(value.value)
    case 'double':
      return Object.is(value.value, -0) ? '-0' : String(value.value)
    case 'string':
      return JSON.stringify(value.bytes === undefined ? value.value : bytesText(value.bytes))
    case 'bytes':
      return JSON.stringify(bytesText(value.value))
    case 'name': {
      if (value.enumValue !== undefined) return String(value.enumValue.number)
      const target = value.reference.target
      return target?.kind === 'const' ? textOf(target.value, target.type, budget) : value.reference.text
    }
    case 'list':
      return listText(value.elements, at, budget)
    case 'map':
      return mapText(value.entries, at, budget)
  }
}

function listText(elements: readonly IrValue[], type: IrType, budget: { left: number }): string {
  if (type.kind !== 'list' && type.kind !== 'set') return '{}'
  const texts = elements.map((element) => textOf(element, type.element, budget))
  return `[${(type.kind === 'set' ? texts.sort() : texts).join()}]`
}

function mapText(
  entries: readonly { readonly key: IrValue; readonly value: IrValue }[],
  type: IrType,
  budget: { left: number },
): string {
  if (type.kind === 'list' || type.kind === 'set') return '[]'
  const target = declarationOf(type)
  const texts = entries.map(({ key, value }) => {
    if (type.kind === 'map') return `${textOf(key, type.key, budget)}:${textOf(value, type.value, budget)}`
    const name = key.kind === 'string' ? key.value : ''
    const field = target?.kind === 'message' ? target.fields.find((one) => one.name === name) : undefined
    return `${field?.id ?? name}:${textOf(value, field?.type ?? type, budget)}`
  })
  return `{${texts.sort().join()}}`
}

/** As a Thrift string of the same bytes reads, else one character per byte. */
function bytesText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return String.fromCharCode(...bytes)
  }
}
