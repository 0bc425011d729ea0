/** Enums: an `as const` object and an open type of the same name. */

import type { IrEnum } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { printDoc } from '../text/doc.ts'
import { group, lines } from '../text/layout.ts'
import { key, type Printer, quote } from '../text/printer.ts'

/** Prints an enum by number, or by name with what knows its numbers. Numbers that the IDL does not name stay legal. */
export function printEnum(printer: Printer, type: IrEnum, context: ModuleContext): void {
  const name = context.names.declaration(type)
  const numbers = context.numbers(type)
  printDoc(printer, type.doc, { deprecated: type.deprecated })
  if (type.values.length === 0) {
    printer.line(`export const ${name} = {} as const`)
    printer.line(`export type ${name} = number`)
    return
  }
  printer.block(
    `export const ${name} = {`,
    () => {
      for (const value of type.values) {
        printDoc(printer, value.doc, { deprecated: value.deprecated })
        const shown = numbers === undefined ? value.number : quote(value.name)
        printer.line(`${key(context.names.enumMember(value))}: ${shown},`)
      }
    },
    '} as const',
  )
  printDoc(printer, undefined, { deprecated: type.deprecated })
  const values = `(typeof ${name})[keyof typeof ${name}]`
  const other = numbers === undefined ? '(number & {})' : 'number'
  const oneLine = `export type ${name} = ${values} | ${other}`
  if (oneLine.length <= printer.width) printer.line(oneLine)
  else {
    printer.line(`export type ${name} =`)
    printer.indented(() => {
      printer.line(`| ${values}`)
      printer.line(`| ${other}`)
    })
  }
  if (numbers === undefined) return
  const pairs = type.values.map((value) => {
    const parts = [quote(value.name), String(value.number)].map((part) => ({ label: '', value: part }))
    return { label: '', value: group('[', parts, ']') }
  })
  printDoc(printer, undefined, { tags: [`The numbers of {@link ${name}}.`] })
  const head = `export const ${numbers}: ${context.runtime('EnumNumbers')}<${name}> = /*#__PURE__*/ `
  const call = group(`${context.runtime('enumNumbers')}(`, [{ label: '', value: quote(type.fullName) }, ...pairs], ')')
  for (const line of lines(head, call, '', printer.width)) printer.line(line)
}
