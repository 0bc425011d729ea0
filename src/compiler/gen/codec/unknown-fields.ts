/** Prints how a codec keeps the fields that the IDL does not know: `$unknown` begins with the name of the message that kept them. */

import type { IrMessage } from '../../ir/ir.ts'
import { type Printer, quote } from '../text/printer.ts'

/** The fields kept so far in `local`, or the beginning of them. */
export function keptFields(message: IrMessage, local = 'u'): string {
  return `${local} ?? [${quote(message.fullName)}]`
}

/** Writes the kept fields, unless another message kept them: they would have another meaning here. */
export function printWriteUnknown(printer: Printer, message: IrMessage, write: string): void {
  printer.line(`if (m.$unknown?.[0] === ${quote(message.fullName)}) ${write}(w, m.$unknown)`)
}

/** Returns an object, with `$unknown` where it is of a type that `keeps` and there is something in local `u`. */
export function printReturn(
  printer: Printer,
  open: string,
  items: readonly string[],
  close: string,
  keeps: string | undefined,
  kept = 'u',
): void {
  if (keeps === undefined) {
    printer.list(`return ${open}`, items, close, { padded: true })
    return
  }
  printer.list(`const o: ${keeps} = ${open}`, items, close, { padded: true })
  printer.line(`if (${kept} !== undefined) o.$unknown = ${kept}`)
  printer.line('return o')
}
