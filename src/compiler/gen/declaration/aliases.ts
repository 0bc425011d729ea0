/** Typedefs as type aliases and constants as constants. */

import type { IrConst, IrDeclaration, IrTypedef } from '../../ir/ir.ts'
import { visitDeclarationTypes } from '../../ir/walk.ts'
import type { ModuleContext } from '../context.ts'
import type { NamedDeclaration } from '../name/names.ts'
import { printDoc } from '../text/doc.ts'
import { lines } from '../text/layout.ts'
import type { Printer } from '../text/printer.ts'
import { inputType, outputType } from '../type.ts'
import { hasInputForm, resolve } from '../type-shape.ts'
import { valueLayout } from '../value.ts'

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
  checkLoading(typedef, [target], context)
  const value = context.value(target)
  printer.line(`export const ${name}: typeof ${value} = ${value}`)
}

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
  checkLoading(constant, needed, context)
}

/** The annotation of a constant; a literal needs none. */
function constantType({ type }: IrConst, context: ModuleContext): string {
  const resolved = resolve(type)
  if (resolved.kind === 'scalar' && resolved.scalar !== 'bytes') return ''
  return resolved.kind === 'message' ? `: Readonly<${outputType(context, type)}>` : `: ${inputType(context, type)}`
}

/** Reports what an alias or constant needs while its module is loaded, out of a module that may be loaded later. */
function checkLoading(one: IrConst | IrTypedef, needed: readonly IrDeclaration[], context: ModuleContext): void {
  const all = new Set(needed)
  for (const each of all) {
    const back = needed.includes(each) || each.kind === 'message' ? context.wayBack(each) : undefined
    if (back !== undefined) {
      context.report({
        code: 'module-circle',
        message: `'${one.name}' needs '${each.name}' while its module is loaded, and the module of '${each.name}' imports that one in turn`,
        span: one.span,
        related: [
          { message: `'${each.name}' is declared here`, span: each.span },
          { message: 'the way back leads through here', span: back.span },
        ],
        hint: "set 'modules' of this entry to file, or declare both in one namespace",
      })
      return
    }
    // The constructor of an exception completes the structs that it holds.
    if (one.kind !== 'const') continue
    visitDeclarationTypes(each, { reference: ({ target }) => target !== undefined && all.add(target) })
  }
}
