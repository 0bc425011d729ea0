/** The message of one field through which the codec of an extension is printed. */

import type { IrExtension, IrMessage } from '../ir/ir.ts'

const made = new WeakSet<IrMessage>()

/** Makes the message of an extension: its only field is `value`. */
export function extensionMessage(extension: IrExtension): IrMessage {
  const message: IrMessage = {
    kind: 'message',
    shape: 'message',
    name: `${extension.name}_field`,
    fullName: extension.fullName,
    file: extension.file,
    span: extension.span,
    doc: undefined,
    annotations: [],
    deprecated: false,
    fields: [{ ...extension.field, name: 'value', jsonName: 'value', oneof: undefined, doc: undefined }],
    oneofs: [],
    parent: undefined,
  }
  made.add(message)
  return message
}

/** Whether a message is one of {@link extensionMessage}, which holds nothing else. */
export function isExtensionMessage(message: IrMessage): boolean {
  return made.has(message)
}
