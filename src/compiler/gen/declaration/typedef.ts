/** Typedefs as type aliases. */

import type { IrTypedef } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { printDoc } from '../text/doc.ts'
import type { Printer } from '../text/printer.ts'
import { inputType, outputType } from '../type.ts'
import { hasInputForm, resolve } from '../type-shape.ts'
import { checkLoadOrder } from './load-order.ts'

/** Prints a typedef; one that names a struct, exception or enum stands for its value too. */
export function printTypedef(printer: Printer, typedef: IrTypedef, context: ModuleContext): void {
  const name = context.names.declaration(typedef)
  printDoc(printer, typedef.doc, { deprecated: typedef.deprecated })
  printer.line(`export type ${name} = ${outputType(context, typedef.type)}`)
  if (hasInputForm(typedef.type))
    printer.line(`export type ${context.names.input(typedef)} = ${inputType(context, typedef.type)}`)
  if (typedef.type.kind !== 'reference') return
  const target = typedef.type.reference.target
  const kind = resolve(typedef.type).kind
  if ((kind !== 'message' && kind !== 'enum') || target === undefined || target.kind === 'extension') return
  checkLoadOrder(typedef, [target], context)
  const value = context.value(target)
  printer.line(`export const ${name}: typeof ${value} = ${value}`)
}
