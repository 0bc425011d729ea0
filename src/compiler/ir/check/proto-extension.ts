/** The rules of extensions: what they extend, within which numbers, and that each number is taken once. */

import type { Report } from '../../diagnostic.ts'
import type { IrAnnotationValue, IrExtension, IrExtensionRange, IrFile, IrMessage, ScalarName } from '../ir.ts'

/** Reports extensions that cannot be, and message sets that hold fields. */
export function checkProtoExtensions(files: readonly IrFile[], report: Report): void {
  const taken = new Map<IrMessage, Map<number, IrExtension>>()
  for (const file of files) {
    for (const declaration of file.declarations) {
      if (declaration.kind === 'extension') checkExtension(declaration, taken, report)
      else if (declaration.kind === 'message' && isMessageSet(declaration)) checkMessageSet(declaration, report)
    }
  }
}

function isMessageSet(message: IrMessage): boolean {
  return message.annotations.some(({ name, value }) => name === 'message_set_wire_format' && value === true)
}

function checkMessageSet(message: IrMessage, report: Report): void {
  const field = message.fields[0]
  if (message.file.syntax === 'proto3') {
    report({ code: 'option-place', message: 'proto3 has no message sets', span: message.span })
  } else if (field !== undefined) {
    report({
      code: 'option-place',
      message: 'a message set holds extensions only',
      span: field.span,
      hint: 'remove its fields',
    })
  }
}

function checkExtension(extension: IrExtension, taken: Map<IrMessage, Map<number, IrExtension>>, report: Report): void {
  const { extendee, field, file } = extension
  const { target } = extendee
  if (target === undefined) return
  if (target.kind !== 'message') {
    report({
      code: 'extension',
      message: `'${target.fullName}' is no message and cannot be extended`,
      span: extendee.span,
      related: [{ message: 'it is declared here', span: target.span }],
    })
    return
  }
  if (file.syntax === 'proto3' && !/^google\.protobuf\.[A-Za-z]+Options$/.test(target.fullName)) {
    report({
      code: 'extension',
      message: 'proto3 extends only the options of google.protobuf',
      span: extendee.span,
      hint: 'use google.protobuf.Any, or write the file in proto2 or an edition',
    })
  }
  const range = target.extensionRanges?.find(({ start, end }) => field.id >= start && field.id <= end)
  if (range === undefined) {
    report({
      code: 'extension-range',
      message: `'${target.fullName}' does not leave the number ${field.id} to extensions`,
      span: field.span,
      related: [{ message: 'the message is declared here', span: target.span }],
      hint: rangesHint(target),
    })
  } else if (target.file.source.logicalPath !== 'google/protobuf/descriptor.proto') {
    // The declarations of protobuf's own options are a registry, which protoc does not enforce.
    checkDeclared(extension, range, report)
  }
  const singularMessage = field.type.kind === 'reference' && field.type.reference.target?.kind === 'message'
  if (isMessageSet(target) && !singularMessage) {
    report({
      code: 'extension',
      message: 'extensions of a message set are optional messages',
      span: field.typeSpan,
      related: [{ message: 'the message set is declared here', span: target.span }],
    })
  }
  let numbers = taken.get(target)
  if (numbers === undefined) {
    numbers = new Map()
    taken.set(target, numbers)
  }
  const before = numbers.get(field.id)
  if (before === undefined) {
    numbers.set(field.id, extension)
    return
  }
  report({
    code: 'duplicate-field-id',
    message: `the extension number ${field.id} of '${target.fullName}' is already that of '${before.fullName}'`,
    span: field.span,
    related: [{ message: `'${before.fullName}' is here`, span: before.span }],
    hint: 'give it another number',
  })
}

function rangesHint({ name, extensionRanges }: IrMessage): string {
  const ranges = extensionRanges ?? []
  if (ranges.length === 0) return `add to '${name}': extensions 1000 to max;`
  const shown = ranges.slice(0, 5).map(({ start, end }) => (start === end ? `${start}` : `${start} to ${end}`))
  return `it leaves ${shown.join(', ')}`
}

/** A range with declarations admits only what they declare. */
function checkDeclared(extension: IrExtension, range: IrExtensionRange, report: Report): void {
  const declarations = range.annotations
    .filter(({ name }) => name === 'declaration')
    .flatMap(({ value }) => (Array.isArray(value) ? (value as readonly IrAnnotationValue[]) : [value]))
  const verified = range.annotations.some(({ name, value }) => name === 'verification' && value === 'DECLARATION')
  if (declarations.length === 0 && !verified) return
  const { field, fullName } = extension
  const refuse = (message: string): void =>
    report({
      code: 'extension',
      message,
      span: field.span,
      related: [{ message: 'the extension range is here', span: range.span }],
    })
  const declared = declarations.find((one) => memberOf(one, 'number') === field.id)
  if (declared === undefined) {
    refuse(`the extension range declares nothing for the number ${field.id}`)
    return
  }
  if (memberOf(declared, 'reserved') === true) {
    refuse(`the extension number ${field.id} is reserved by a declaration`)
    return
  }
  const name = memberOf(declared, 'full_name')
  if (typeof name === 'string' && name !== `.${fullName}`) {
    refuse(`the number ${field.id} is declared for '${name.replace(/^\./, '')}', not for '${fullName}'`)
  }
  const type = memberOf(declared, 'type')
  const element = field.type.kind === 'list' ? field.type.element : field.type
  const target = element.kind === 'reference' ? element.reference.target : undefined
  const actual = element.kind === 'scalar' ? scalarName(element.scalar) : target && `.${target.fullName}`
  if (typeof type === 'string' && actual !== undefined && type !== actual) {
    refuse(`the number ${field.id} is declared with the type '${type}', not '${actual}'`)
  }
  if ((memberOf(declared, 'repeated') === true) !== (field.type.kind === 'list')) {
    refuse(`the number ${field.id} is declared ${field.type.kind === 'list' ? 'singular' : 'repeated'}`)
  }
}

/** What protobuf calls a scalar type. */
function scalarName(scalar: ScalarName): string {
  const short: Readonly<Partial<Record<ScalarName, string>>> = { f32: 'float', f64: 'double' }
  return (
    short[scalar] ??
    scalar
      .replace(/^i(?=\d)/, 'int')
      .replace(/^u(?=\d)/, 'uint')
      .replace(/^s(?=\d)/, 'sint')
  )
}

function memberOf(value: IrAnnotationValue, name: string): IrAnnotationValue | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, IrAnnotationValue>>)[name] : undefined
}
