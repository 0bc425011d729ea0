/** toFileDescriptor: a file's description as the FileDescriptorProto that reflection serves (google/protobuf/descriptor.proto). */

import { fromBase64 } from '../core/bytes/base64.ts'
import type {
  DescriptorDetails,
  EnumSchema,
  ExtensionSchema,
  FieldSchema,
  FileSchema,
  MessageSchema,
  ScalarName,
  ServiceSchema,
  TypeSchema,
} from '../core/message/schema.ts'
import { defaultText } from './default-text.ts'
import { ProtobufWriter } from './writer.ts'

const types: Partial<Record<ScalarName, number>> = {
  f64: 1,
  f32: 2,
  i64: 3,
  u64: 4,
  i32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  u32: 13,
  sfixed32: 15,
  sfixed64: 16,
  s32: 17,
  s64: 18,
}
const typeGroup = 10
const typeMessage = 11
const typeEnum = 14
const labels = { optional: 1, required: 2, repeated: 3 } as const
const editions: Readonly<Record<string, number>> = { '2023': 1000, '2024': 1001, '2026': 1002 }

/** A message with what stands inside it. */
interface Node {
  readonly name: string
  readonly schema: MessageSchema | undefined
  readonly messages: Map<string, Node>
  readonly enums: EnumSchema[]
  readonly extensions: ExtensionSchema[]
}

/** What is asked for while a file is written. */
interface Context {
  readonly w: ProtobufWriter
  readonly file: FileSchema
}

/**
 * The FileDescriptorProto of a protobuf file, serialized: what protoc makes of it, but for source info, for declarations that
 * nothing reached when code was generated, and for imports of which nothing was. Throws TypeError for a Thrift file.
 */
export function toFileDescriptor(file: FileSchema): Uint8Array {
  if (file.idl !== 'protobuf') throw new TypeError(`${file.path} is no protobuf file and has no FileDescriptorProto`)
  const w = new ProtobufWriter()
  const context: Context = { w, file }
  w.stringField(10, file.path)
  if (file.package !== '') w.stringField(18, file.package)
  for (const one of file.imports) w.stringField(26, one.path)
  file.imports.forEach((one, i) => {
    if (file.publicImports?.includes(one.path)) w.int32Field(80, i)
  })
  const root = tree(file)
  for (const node of root.messages.values()) within(w, 34, () => writeMessage(context, node))
  for (const one of root.enums) within(w, 42, () => writeEnum(context, one))
  for (const one of file.services) within(w, 50, () => writeService(w, one))
  for (const one of root.extensions) within(w, 58, () => writeExtension(context, one))
  writeOptions(w, 66, file.options)
  const edition = editions[file.syntax]
  if (edition !== undefined) {
    w.stringField(98, 'editions')
    w.int32Field(112, edition)
  } else if (file.syntax !== 'proto2') w.stringField(98, file.syntax)
  return w.take()
}

/** The same for a file and all that it imports, imported files first: what a FileDescriptorSet holds. */
export function toFileDescriptors(file: FileSchema): Uint8Array[] {
  const all = new Map<FileSchema, Uint8Array>()
  const add = (one: FileSchema, chain: readonly FileSchema[]): void => {
    if (all.has(one) || chain.includes(one)) return
    for (const other of one.imports) add(other, [...chain, one])
    all.set(one, toFileDescriptor(one))
  }
  add(file, [])
  return [...all.values()]
}

function within(w: ProtobufWriter, tag: number, write: () => void): void {
  const begun = w.begin(tag)
  write()
  w.end(begun)
}

/** What the file declares, each inside the message that holds it. */
function tree(file: FileSchema): Node {
  const root: Node = { name: '', schema: undefined, messages: new Map(), enums: [], extensions: [] }
  const known = new Map(file.messages.map((message) => [message.name, message]))
  const start = file.package === '' ? 0 : file.package.length + 1
  const nodeOf = (path: readonly string[]): Node => {
    let node = root
    path.forEach((name, i) => {
      let next = node.messages.get(name)
      if (next === undefined) {
        const prefix = file.package === '' ? '' : `${file.package}.`
        const schema = known.get(prefix + path.slice(0, i + 1).join('.'))
        next = { name, schema, messages: new Map(), enums: [], extensions: [] }
        node.messages.set(name, next)
      }
      node = next
    })
    return node
  }
  for (const message of file.messages) nodeOf(message.name.slice(start).split('.'))
  for (const one of file.enums) nodeOf(one.name.slice(start).split('.').slice(0, -1)).enums.push(one)
  for (const one of file.extensions ?? []) {
    nodeOf(one.name.slice(start).split('.').slice(0, -1)).extensions.push(one)
  }
  return root
}

function simple(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function writeMessage(context: Context, { name, schema, messages, enums, extensions }: Node): void {
  const { w, file } = context
  const fields = schema?.fields ?? []
  w.stringField(10, name)
  const oneofs: string[] = []
  for (const { oneof, oneofName = oneof } of fields)
    if (oneofName !== undefined && !oneofs.includes(oneofName)) oneofs.push(oneofName)
  for (const field of fields) {
    const { oneof, oneofName = oneof } = field
    let index = oneofName === undefined ? -1 : oneofs.indexOf(oneofName)
    const isSynthetic = file.syntax === 'proto3' && oneofName === undefined && isMarkedOptional(field)
    if (isSynthetic) index = oneofs.push(`_${field.name}`) - 1
    within(w, 18, () => writeField(context, schema?.name ?? '', field, index, isSynthetic))
  }
  for (const node of messages.values()) within(w, 26, () => writeMessage(context, node))
  for (const field of fields) {
    const { type } = field
    if (type.kind === 'map') within(w, 26, () => writeEntry(context, field, type.key, type.value))
  }
  for (const one of enums) within(w, 34, () => writeEnum(context, one))
  const details = schema?.details
  for (const [first, last, options] of details?.extensionRanges ?? []) {
    within(w, 42, () => {
      writeRange(w, first, last + 1)
      writeOptions(w, 26, options)
    })
  }
  for (const one of extensions) within(w, 50, () => writeExtension(context, one))
  if (details?.options !== undefined) writeOptions(w, 58, details.options)
  else if (schema?.annotations?.['deprecated'] === true) within(w, 58, () => w.boolField(24, true))
  for (const one of oneofs) {
    within(w, 66, () => {
      w.stringField(10, one)
      writeOptions(w, 18, details?.partOptions?.[one])
    })
  }
  writeReserved(w, 74, 82, details, 1)
}

function writeRange(w: ProtobufWriter, first: number, end: number): void {
  w.int32Field(8, first)
  w.int32Field(16, end)
}

/** Reserved numbers and names; `beyond` is how far behind the last number a range ends. */
function writeReserved(
  w: ProtobufWriter,
  rangeTag: number,
  nameTag: number,
  details: DescriptorDetails | undefined,
  beyond: 0 | 1,
): void {
  const { reservedRanges = [], reservedNames = [] } = details ?? {}
  for (let i = 0; i + 1 < reservedRanges.length; i += 2) {
    within(w, rangeTag, () => writeRange(w, reservedRanges[i]!, reservedRanges[i + 1]! + beyond))
  }
  for (const name of reservedNames) w.stringField(nameTag, name)
}

/** An options message that stands encoded in the schema. */
function writeOptions(w: ProtobufWriter, tag: number, options: string | undefined): void {
  const bytes = options === undefined || options === '' ? undefined : fromBase64(options)
  if (bytes !== undefined) w.bytesField(tag, bytes)
}

function writeExtension(context: Context, { extendee, field }: ExtensionSchema): void {
  writeField(context, '', field, -1, context.file.syntax === 'proto3' && field.markedOptional === true, extendee)
}

/** Whether proto3 says `optional`: of a message it has to be marked. */
function isMarkedOptional({ presence, type, markedOptional }: FieldSchema): boolean {
  if (presence !== 'optional') return false
  return type.kind === 'scalar' || type.kind === 'enum' || markedOptional === true
}

function writeField(
  context: Context,
  owner: string,
  field: FieldSchema,
  oneof: number,
  isSynthetic: boolean,
  extendee?: string,
): void {
  const { w } = context
  const { type, presence } = field
  const isRepeated = type.kind === 'list' || type.kind === 'map'
  const one = type.kind === 'list' ? type.element : type
  const isRequired = presence === 'required' && editions[context.file.syntax] === undefined
  w.stringField(10, field.name)
  if (extendee !== undefined) w.stringField(18, `.${extendee}`)
  w.int32Field(24, field.id)
  w.int32Field(32, isRepeated ? labels.repeated : isRequired ? labels.required : labels.optional)
  if (one.kind === 'map') {
    w.int32Field(40, typeMessage)
    w.stringField(50, `.${owner}.${entryName(field.name)}`)
  } else writeType(context, one, field.delimited === true)
  if (field.default !== undefined) w.stringField(58, defaultText(context.file, one, field.default))
  writeFieldOptions(context, field)
  if (oneof >= 0) w.int32Field(72, oneof)
  w.stringField(82, field.jsonName)
  if (isSynthetic) w.boolField(136, true)
}

function writeType({ w, file }: Context, type: TypeSchema, delimited: boolean): void {
  if (type.kind === 'scalar') w.int32Field(40, types[type.scalar] ?? 0)
  else if (type.kind === 'enum' || type.kind === 'message') {
    const group = file.syntax === 'proto2' ? typeGroup : typeMessage
    w.int32Field(40, type.kind === 'enum' ? typeEnum : delimited ? group : typeMessage)
    w.stringField(50, `.${type.name}`)
  }
}

/** The options of a field, or, of a description without options, what its syntax or edition does not say by itself. */
function writeFieldOptions({ w, file }: Context, field: FieldSchema): void {
  const { type } = field
  if (field.options !== undefined) {
    writeOptions(w, 66, field.options)
    return
  }
  const isPackable = type.kind === 'list' && isPackableElement(type.element)
  const packed = field.packed ?? false
  const isEdition = editions[file.syntax] !== undefined && file.options === undefined
  const features: [number, number][] = []
  if (isEdition) {
    const isImplicit =
      field.presence === 'default' && type.kind !== 'list' && type.kind !== 'map' && field.oneof === undefined
    if (isImplicit) features.push([8, 2])
    if (field.presence === 'required') features.push([8, 3])
    if (isPackable && !packed) features.push([24, 2])
    if (field.lossy) features.push([32, 3])
    if (field.delimited) features.push([40, 2])
  }
  const says = editions[file.syntax] === undefined && isPackable && packed !== (file.syntax === 'proto3')
  if (!says && features.length === 0) return
  within(w, 66, () => {
    if (says) w.boolField(16, packed)
    if (features.length === 0) return
    within(w, 170, () => {
      for (const [tag, value] of features) w.int32Field(tag, value)
    })
  })
}

function isPackableElement(type: TypeSchema): boolean {
  return type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'string' && type.scalar !== 'bytes')
}

/** The message that stands for an entry of a map. */
function writeEntry(context: Context, field: FieldSchema, key: TypeSchema, value: TypeSchema): void {
  const { w } = context
  w.stringField(10, entryName(field.name))
  const parts: [string, number, TypeSchema][] = [
    ['key', 1, key],
    ['value', 2, value],
  ]
  for (const [name, id, type] of parts) {
    within(w, 18, () => {
      w.stringField(10, name)
      w.int32Field(24, id)
      w.int32Field(32, labels.optional)
      writeType(context, type, false)
      w.stringField(82, name)
    })
  }
  within(w, 58, () => w.boolField(56, true))
}

function entryName(field: string): string {
  return `${field.replace(/(?:^|_+)([a-z]?)/g, (_, letter: string) => letter.toUpperCase())}Entry`
}

function writeEnum({ w, file }: Context, { name, values, closed = false, details }: EnumSchema): void {
  w.stringField(10, simple(name))
  for (const value of values) {
    within(w, 18, () => {
      w.stringField(10, value.name)
      w.int32Field(16, value.number)
      writeOptions(w, 26, details?.partOptions?.[value.name])
    })
  }
  writeEnumOptions(w, file, values, closed, details)
  writeReserved(w, 34, 42, details, 0)
}

function writeEnumOptions(
  w: ProtobufWriter,
  file: FileSchema,
  values: EnumSchema['values'],
  closed: boolean,
  details: DescriptorDetails | undefined,
): void {
  if (details?.options !== undefined) {
    writeOptions(w, 26, details.options)
    return
  }
  const hasAliases = new Set(values.map((value) => value.number)).size < values.length
  const isClosedEdition = editions[file.syntax] !== undefined && file.options === undefined && closed
  if (!hasAliases && !isClosedEdition) return
  within(w, 26, () => {
    if (hasAliases) w.boolField(16, true)
    if (isClosedEdition) within(w, 58, () => w.int32Field(16, 2))
  })
}

function writeService(w: ProtobufWriter, { name, methods, annotations, options }: ServiceSchema): void {
  w.stringField(10, simple(name))
  for (const method of methods) {
    within(w, 18, () => {
      w.stringField(10, method.name)
      w.stringField(18, `.${method.request}`)
      w.stringField(26, `.${method.response}`)
      const isDeprecated = method.annotations?.['deprecated'] === true
      const level = ['NO_SIDE_EFFECTS', 'IDEMPOTENT'].indexOf(String(method.annotations?.['idempotency_level'])) + 1
      if (method.options !== undefined) writeOptions(w, 34, method.options)
      else if (isDeprecated || level > 0) {
        within(w, 34, () => {
          if (isDeprecated) w.boolField(264, true)
          if (level > 0) w.int32Field(272, level)
        })
      }
      if (method.kind === 'client_streaming' || method.kind === 'bidi_streaming') w.boolField(40, true)
      if (method.kind === 'server_streaming' || method.kind === 'bidi_streaming') w.boolField(48, true)
    })
  }
  if (options !== undefined) writeOptions(w, 26, options)
  else if (annotations?.['deprecated'] === true) within(w, 26, () => w.boolField(264, true))
}
