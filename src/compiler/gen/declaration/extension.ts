/** Extensions: a constant that reads and sets the field on the message it extends. */

import type { IrExtension } from '../../ir/ir.ts'
import type { ModuleContext } from '../context.ts'
import { membersOf } from '../member.ts'
import { printDoc } from '../text/doc.ts'
import { type Printer, quote } from '../text/printer.ts'
import { printTypedConstant } from '../text/typed-constant.ts'
import { inputType, outputType } from '../type.ts'

/** Prints the accessor of an extension. Its codec is that of its `extensionMessage`. */
export function printExtension(printer: Printer, extension: IrExtension, context: ModuleContext): void {
  const { names } = context
  const extendee = extension.extendee.target
  if (extendee?.kind !== 'message') throw new Error(`${extension.fullName} extends nothing`)
  const holder = names.extensionMessage(extension)
  const isFilled = membersOf(holder, names).some((member) => member.kind === 'field' && member.filled)
  const output = outputType(context, extension.field.type)
  const types = [
    context.type(extendee),
    isFilled ? output : `${output} | undefined`,
    inputType(context, extension.field.type),
  ]
  const codec = names.codec(holder)
  const parts = [
    quote(extension.fullName),
    quote(extendee.fullName),
    String(extension.field.id),
    codec.encode,
    codec.decode,
    '() => $file',
  ]
  printDoc(printer, extension.doc, { deprecated: extension.deprecated })
  const typed = `export const ${names.declaration(extension)}: ${context.runtime('Extension')}`
  printTypedConstant(printer, typed, types, context.runtime('extension'), parts)
}
