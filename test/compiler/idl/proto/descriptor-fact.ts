/** What a protobuf file declares, as comparable lines: from a descriptor that somebody else made, and from our IR. */

import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from '@bufbuild/protobuf/wkt'
import type {
  IrEnum,
  IrExtension,
  IrField,
  IrFile,
  IrMessage,
  IrType,
  IrValue,
} from '../../../../src/compiler/ir/ir.ts'

const typeNames = [
  ...['', 'f64', 'f32', 'i64', 'u64', 'i32', 'fixed64', 'fixed32', 'bool', 'string'],
  ...['group', 'message', 'bytes', 'u32', 'enum', 'sfixed32', 'sfixed64', 's32', 's64'],
]

/** Lines of a descriptor. Comments are compared without blanks and decoration. */
export function factsOfDescriptor(file: FileDescriptorProto, withComments: boolean): string[] {
  const lines: string[] = []
  const comments = new Map<string, string>()
  if (withComments) {
    for (const { path, leadingComments, trailingComments } of file.sourceCodeInfo?.location ?? []) {
      const text = plain(leadingComments + trailingComments)
      if (text !== '') comments.set(path.join('.'), text)
    }
  }
  const packageName = file.package
  const inside = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`)
  const doc = (path: string): string => (comments.has(path) ? ` // ${comments.get(path)}` : '')
  const message = (one: DescriptorProto, scope: string, path: string): void => {
    if (one.options?.mapEntry === true) return
    const name = inside(scope, one.name)
    lines.push(`message ${name}${isGroupType(one, name) ? '' : doc(path)}`)
    const entries = new Map(
      one.nestedType.filter((inner) => inner.options?.mapEntry).map((inner) => [`.${name}.${inner.name}`, inner]),
    )
    for (const [i, field] of one.field.entries()) {
      const synthetic = field.proto3Optional
      const oneof =
        field.oneofIndex !== undefined && hasOneof(field) && !synthetic ? one.oneofDecl[field.oneofIndex]!.name : ''
      lines.push(
        `field ${name}.${fieldFact(field, entries, file)} ${oneof}${field.type === 10 ? '' : doc(`${path}.2.${i}`)}`,
      )
    }
    for (const [i, oneof] of one.oneofDecl.entries()) {
      const real = one.field.some((field) => hasOneof(field) && field.oneofIndex === i && !field.proto3Optional)
      if (real) lines.push(`oneof ${name}.${oneof.name}${doc(`${path}.8.${i}`)}`)
    }
    for (const { start, end } of one.reservedRange) lines.push(`reserved ${name} ${start} ${end - 1}`)
    for (const { start, end } of one.extensionRange) lines.push(`extensions ${name} ${start} ${end - 1}`)
    for (const reserved of one.reservedName) lines.push(`reserved ${name} ${reserved}`)
    for (const [i, inner] of one.nestedType.entries()) message(inner, name, `${path}.3.${i}`)
    for (const [i, inner] of one.enumType.entries()) enumOf(inner, name, `${path}.4.${i}`)
    for (const [i, inner] of one.extension.entries()) extension(inner, name, `${path}.6.${i}`)
  }
  const groups = new Set<string>()
  const collectGroups = (one: DescriptorProto): void => {
    for (const field of [...one.field, ...one.extension]) if (field.type === 10) groups.add(field.typeName.slice(1))
    for (const inner of one.nestedType) collectGroups(inner)
  }
  for (const inner of file.messageType) collectGroups(inner)
  for (const field of file.extension) if (field.type === 10) groups.add(field.typeName.slice(1))
  const isGroupType = (_one: DescriptorProto, name: string): boolean => groups.has(name)
  const enumOf = (one: EnumDescriptorProto, scope: string, path: string): void => {
    const name = inside(scope, one.name)
    lines.push(`enum ${name}${doc(path)}`)
    for (const [i, value] of one.value.entries())
      lines.push(`value ${name}.${value.name} = ${value.number}${doc(`${path}.2.${i}`)}`)
    for (const { start, end } of one.reservedRange) lines.push(`reserved ${name} ${start} ${end}`)
    for (const reserved of one.reservedName) lines.push(`reserved ${name} ${reserved}`)
  }
  const extension = (field: FieldDescriptorProto, scope: string, path: string): void => {
    lines.push(
      `extend ${field.extendee.slice(1)} ${inside(scope, fieldFact(field, new Map(), file))} ${field.type === 10 ? '' : doc(path)}`,
    )
  }
  for (const [i, one] of file.messageType.entries()) message(one, packageName, `4.${i}`)
  for (const [i, one] of file.enumType.entries()) enumOf(one, packageName, `5.${i}`)
  for (const [i, one] of file.extension.entries()) extension(one, packageName, `7.${i}`)
  for (const [i, service] of file.service.entries()) {
    const name = inside(packageName, service.name)
    lines.push(`service ${name}${doc(`6.${i}`)}`)
    for (const [j, method] of service.method.entries()) {
      const streams = `${method.clientStreaming} ${method.serverStreaming}`
      lines.push(
        `method ${name}.${method.name} ${method.inputType.slice(1)} ${method.outputType.slice(1)} ${streams}${doc(`6.${i}.2.${j}`)}`,
      )
    }
  }
  return lines.sort()
}

function hasOneof(field: FieldDescriptorProto): boolean {
  return Object.hasOwn(field, 'oneofIndex')
}

function plain(text: string): string {
  return text.replace(/[\s*/]/g, '')
}

function fieldFact(
  field: FieldDescriptorProto,
  entries: ReadonlyMap<string, DescriptorProto>,
  file: FileDescriptorProto,
): string {
  const entry = entries.get(field.typeName)
  const label = entry !== undefined ? 'map' : ['', 'singular', 'required', 'repeated'][field.label]!
  const type = entry === undefined ? typeOf(field) : `${typeOf(entry.field[0]!)},${typeOf(entry.field[1]!)}`
  const packable = field.label === 3 && entry === undefined && ![9, 10, 11, 12].includes(field.type)
  const written =
    field.options !== undefined && Object.hasOwn(field.options, 'packed') ? field.options.packed : undefined
  const packed = packable && (written ?? file.syntax === 'proto3')
  const fallback = Object.hasOwn(field, 'defaultValue') ? ` default=${field.defaultValue}` : ''
  return `${field.name} = ${field.number} ${label} ${type} ${field.jsonName} packed=${packed}${field.proto3Optional ? ' optional' : ''}${fallback}`
}

function typeOf(field: FieldDescriptorProto): string {
  return field.typeName === '' ? typeNames[field.type]! : `${typeNames[field.type]}:${field.typeName.slice(1)}`
}

/** Lines of a linked and completed IR file. */
export function factsOfIr(file: IrFile, withComments: boolean): string[] {
  const lines: string[] = []
  const doc = (text: string | undefined): string =>
    withComments && text !== undefined && plain(text) !== '' ? ` // ${plain(text)}` : ''
  for (const declaration of file.declarations) {
    switch (declaration.kind) {
      case 'message':
        lines.push(`message ${declaration.fullName}${isGroup(declaration, file) ? '' : doc(declaration.doc)}`)
        for (const field of declaration.fields) {
          lines.push(
            `field ${declaration.fullName}.${irFieldFact(field, file)} ${field.oneof?.name ?? ''}${doc(field.doc)}`,
          )
        }
        for (const oneof of declaration.oneofs)
          lines.push(`oneof ${declaration.fullName}.${oneof.name}${doc(oneof.doc)}`)
        for (const { start, end } of declaration.extensionRanges ?? [])
          lines.push(`extensions ${declaration.fullName} ${start} ${end}`)
        pushReserved(declaration, lines)
        break
      case 'enum':
        lines.push(`enum ${declaration.fullName}${doc(declaration.doc)}`)
        for (const value of declaration.values)
          lines.push(`value ${declaration.fullName}.${value.name} = ${value.number}${doc(value.doc)}`)
        pushReserved(declaration, lines)
        break
      case 'extension':
        lines.push(
          `extend ${declaration.extendee.target!.fullName} ${scopeOf(declaration)}${irFieldFact(declaration.field, file)} ${doc(declaration.doc)}`,
        )
        break
      case 'service':
        lines.push(`service ${declaration.fullName}${doc(declaration.doc)}`)
        for (const { name, kind, request, result, doc: text } of declaration.methods) {
          const streams = `${kind === 'client_streaming' || kind === 'bidi_streaming'} ${kind === 'server_streaming' || kind === 'bidi_streaming'}`
          lines.push(
            `method ${declaration.fullName}.${name} ${irType(request!).replace(/^.*:/, '')} ${irType(result!).replace(/^.*:/, '')} ${streams}${doc(text)}`,
          )
        }
    }
  }
  return lines.sort()
}

function scopeOf({ fullName }: IrExtension): string {
  return fullName.slice(0, fullName.lastIndexOf('.') + 1)
}

function isGroup(message: IrMessage, file: IrFile): boolean {
  const fields = file.declarations.flatMap((one) =>
    one.kind === 'message' ? one.fields : one.kind === 'extension' ? [one.field] : [],
  )
  return fields.some((field) => field.delimited && irType(field.type).endsWith(`:${message.fullName}`))
}

function pushReserved({ fullName, reserved }: IrMessage | IrEnum, lines: string[]): void {
  for (const { start, end } of reserved?.ranges ?? []) lines.push(`reserved ${fullName} ${start} ${end}`)
  for (const { name } of reserved?.names ?? []) lines.push(`reserved ${fullName} ${name}`)
}

function irFieldFact(field: IrField, file: IrFile): string {
  const { type, presence } = field
  const label =
    type.kind === 'map' ? 'map' : type.kind === 'list' ? 'repeated' : presence === 'required' ? 'required' : 'singular'
  const shown =
    type.kind === 'map'
      ? `${irType(type.key)},${irType(type.value)}`
      : irType(type.kind === 'list' ? type.element : type, field.delimited)
  const source = file.source.text.slice(Math.max(0, field.typeSpan.start - 100), field.typeSpan.start)
  const optional = file.syntax === 'proto3' && /\boptional\s+$/.test(source) ? ' optional' : ''
  const fallback = field.default === undefined ? '' : ` default=${defaultText(field.default)}`
  return `${field.name} = ${field.id} ${label} ${shown} ${field.jsonName} packed=${field.packed}${optional}${fallback}`
}

function irType(type: IrType, delimited = false): string {
  if (type.kind === 'scalar') return type.scalar
  if (type.kind !== 'reference') return type.kind
  const { target } = type.reference
  return `${delimited ? 'group' : (target?.kind ?? '?')}:${target?.fullName ?? '?'}`
}

function defaultText(value: IrValue): string {
  switch (value.kind) {
    case 'name':
      return value.enumValue?.name ?? '?'
    case 'double':
      return Number.isFinite(value.value)
        ? String(value.value)
        : String(value.value).replace('Infinity', 'inf').replace('NaN', 'nan')
    case 'bytes':
      return [...value.value].map(escapedByte).join('')
    case 'bool':
    case 'int':
    case 'string':
      return String(value.value)
    default:
      return '?'
  }
}

const escapes: Readonly<Record<number, string>> = { 10: '\\n', 13: '\\r', 9: '\\t', 34: '\\"', 39: "\\'", 92: '\\\\' }

function escapedByte(byte: number): string {
  return (
    escapes[byte] ?? (byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte))
  )
}
