/** Bodies of wide messages in slices: type checkers and engines take far longer than in proportion for one large function. */

import type { IrField, IrMessage } from '../../ir/ir.ts'
import type { Printer } from '../text/printer.ts'

/** Fields above which the codec of a message is printed in slices. */
const mostInOne = 150
const sliceSize = 100

/** Whether the codec of a message is printed in slices. The cases of a union stand in one switch, which costs in proportion. */
export function isWide(message: IrMessage): boolean {
  return message.shape !== 'union' && message.fields.length > mostInOne
}

/** A function that does its part for some of the members. No name of an IDL has a `$`, so that its name is its own. */
export interface Slice<T> {
  readonly name: string
  readonly items: readonly T[]
}

/** Divides what a function would do into slices. */
export function slicesOf<T>(name: string, all: readonly T[]): readonly Slice<T>[] {
  const count = Math.ceil(all.length / sliceSize)
  return Array.from({ length: count }, (_, i) => ({
    name: `${name}$${i + 1}`,
    items: all.slice(i * sliceSize, (i + 1) * sliceSize),
  }))
}

/** Prints the functions of slices. */
export function printSlices<T>(
  printer: Printer,
  slices: readonly Slice<T>[],
  parameters: readonly string[],
  result: string,
  body: (items: readonly T[]) => void,
): void {
  for (const { name, items } of slices) {
    printer.blank()
    printer.function(name, parameters, result, () => body(items))
  }
}

/** A field to read, and the local or member that it is read into. */
export interface ReadField {
  readonly field: IrField
  readonly into: string
}

/** Fields in the order of their ids, so that a comparison tells the slice that reads one. */
export function inReadingOrder(fields: readonly ReadField[]): readonly ReadField[] {
  return [...fields].sort((a, b) => a.field.id - b.field.id)
}

/** Calls the slice that a field belongs to, and goes on with the loop if it has read it. `scale` is what an id is multiplied by. */
export function printReadBySlice(
  printer: Printer,
  slices: readonly Slice<ReadField>[],
  id: string,
  scale: number,
): void {
  printer.line('let known = false')
  slices.forEach(({ name, items }, i) => {
    const last = (items.at(-1)?.field.id ?? 0) * scale + scale - 1
    const otherwise = i === 0 ? '' : 'else '
    printer.line(`${otherwise}if (${id} <= ${last}) known = ${name}(r, t, o)`)
  })
  printer.line('if (known) continue')
}
