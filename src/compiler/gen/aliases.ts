/** Typedefs as type aliases and constants as constants. */

import type { IrConst, IrTypedef } from '../ir/ir.ts'
import type { ModuleContext } from './context.ts'
import { printDoc } from './doc.ts'
import { lines } from './layout.ts'
import type { Printer } from './printer.ts'
import { hasInputForm, resolve } from './type-shape.ts'
import { inputType, outputType } from './types.ts'
import { valueLayout } from './values.ts'

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
  const value = context.value(target)
  printer.line(`export const ${name}: typeof ${value} = ${value}`)
}

/** Prints a constant: literals keep their literal type, what could be changed is readonly. */
export function printConst(printer: Printer, constant: IrConst, context: ModuleContext): void {
  printDoc(printer, constant.doc, { deprecated: constant.deprecated })
  const head = `export const ${context.names.declaration(constant)}${constantType(constant, context)} = `
  for (const line of lines(head, valueLayout(context, constant.type, constant.value), '', printer.width))
    printer.line(line)
}

/** The annotation of a constant; a literal needs none. */
function constantType({ type }: IrConst, context: ModuleContext): string {
  const resolved = resolve(type)
  if (resolved.kind === 'scalar' && resolved.scalar !== 'bytes') return ''
  return resolved.kind === 'message' ? `: Readonly<${outputType(context, type)}>` : `: ${inputType(context, type)}`
}
