/** A constant of a generic type made by one call, broken where a formatter would break it. */

import type { Printer } from './printer.ts'

/** Prints `export const X: T<…> = make(…)`. `typed` ends before the type arguments: `export const X: T`. */
export function printTypedConstant(
  printer: Printer,
  typed: string,
  types: readonly string[],
  make: string,
  parts: readonly string[],
): void {
  const head = `${typed}<${types.join(', ')}> =`
  const call = `/*#__PURE__*/ ${make}(`
  // A formatter counts the whole line up to the bracket, and leaves the last column free.
  if (head.length + call.length < printer.width) printer.list(`${head} ${call}`, parts, ')')
  else if (head.length <= printer.width) {
    printer.line(head)
    printer.indented(() => printer.list(call, parts, ')'))
  } else {
    printer.line(`${typed}<`)
    printer.indented(() => {
      types.forEach((type, i) => {
        printer.line(i < types.length - 1 ? `${type},` : type)
      })
    })
    printer.list(`> = ${call}`, parts, ')')
  }
}
