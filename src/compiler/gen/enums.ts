/** Enums: an `as const` object and an open type of the same name. */

import type { IrEnum } from '../ir/ir.ts'
import type { ModuleContext } from './context.ts'
import { printDoc } from './doc.ts'
import { key, type Printer } from './printer.ts'

/** Prints an enum. Numbers that the IDL does not name stay legal. */
export function printEnum(printer: Printer, type: IrEnum, context: ModuleContext): void {
  const name = context.names.declaration(type)
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
        printer.line(`${key(context.names.enumMember(value))}: ${value.number},`)
      }
    },
    '} as const',
  )
  printDoc(printer, undefined, { deprecated: type.deprecated })
  const values = `(typeof ${name})[keyof typeof ${name}]`
  const oneLine = `export type ${name} = ${values} | (number & {})`
  if (oneLine.length <= printer.width) {
    printer.line(oneLine)
    return
  }
  printer.line(`export type ${name} =`)
  printer.indented(() => {
    printer.line(`| ${values}`)
    printer.line('| (number & {})')
  })
}
