/** Constants of an IDL as exported constants. */

import type { IrConst, IrDeclaration } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import type { NamedDeclaration } from '../name/names.ts'
import { printDoc } from '../text/doc.ts'
import { lines } from '../text/layout.ts'
import type { Printer } from '../text/printer.ts'
import { inputType, outputType } from '../type.ts'
import { resolve } from '../type-shape.ts'
import { valueLayout } from '../value.ts'
import { checkLoadOrder } from './load-order.ts'

/** Prints a constant: literals keep their literal type, what could be changed is readonly. */
export function printConst(printer: Printer, constant: IrConst, context: ModuleContext): void {
  printDoc(printer, constant.doc, { deprecated: constant.deprecated })
  const head = `export const ${context.names.declaration(constant)}${constantType(constant, context)} = `
  const needed: IrDeclaration[] = []
  const value = (one: NamedDeclaration): string => {
    needed.push(one)
    return context.value(one)
  }
  const layout = valueLayout({ ...context, value }, constant.type, constant.value)
  for (const line of lines(head, layout, '', printer.width)) printer.line(line)
  checkLoadOrder(constant, needed, context)
}

/** The annotation of a constant; a literal needs none. */
function constantType({ type }: IrConst, context: ModuleContext): string {
  const resolved = resolve(type)
  if (resolved.kind === 'scalar' && resolved.scalar !== 'bytes') return ''
  return resolved.kind === 'message' ? `: Readonly<${outputType(context, type)}>` : `: ${inputType(context, type)}`
}
