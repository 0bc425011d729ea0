/** toFileDescriptor: a file's description as the FileDescriptorProto that reflection serves (google/protobuf/descriptor.proto). */

import type {
  EnumSchema,
  FieldSchema,
  FileSchema,
  MessageSchema,
  ScalarName,
  ServiceSchema,
  TypeSchema,
} from '../core/schema.ts'
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
const editions: Readonly<Record<string, number>> = { '2023': 1000, '2024': 1001 }

/** A message with what stands inside it. */
interface Node {
  readonly name: string
  readonly schema: MessageSchema | undefined
  readonly messages: Map<string, Node>
  readonly enums: EnumSchema[]
}

/** What is asked for while a file is written. */
interface Context {
  readonly w: ProtobufWriter
  readonly file: FileSchema
}

/**
 * The FileDescriptorProto of a protobuf file, serialized: everything that the file declares and generated code knows of, in the
 * order of the IDL, without source info, custom options and extensions. Throws TypeError for a Thrift file.
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
  const root: Node = { name: '', schema: undefined, messages: new Map(), enums: [] }
  const known = new Map(file.messages.map((message) => [message.name, message]))
  const start = file.package === '' ? 0 : file.package.length + 1
  const nodeOf = (path: readonly string[]): Node => {
    let node = root
    path.forEach((name, i) => {
      let next = node.messages.get(name)
      if (next === undefined) {
        const prefix = file.package === '' ? '' : `${file.package}.`
        const schema = known.get(prefix + path.slice(0, i + 1).join('.'))
        next = { name, schema, messages: new Map(), enums: [] }
        node.messages.set(name, next)
      }
      node = next
    })
    return node
  }
  for (const message of file.messages) nodeOf(message.name.slice(start).split('.'))
  for (const one of file.enums) nodeOf(one.name.slice(start).split('.').slice(0, -1)).enums.push(one)
  return root
}

function simple(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function writeMessage(context: Context, { name, schema, messages, enums }: Node): void {
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
  if (schema?.annotations?.['deprecated'] === true) within(w, 58, () => w.boolField(24, true))
  for (const one of oneofs) within(w, 66, () => w.stringField(10, one))
}

/** Whether proto3 says `optional`; of a message it makes no difference. */
function isMarkedOptional({ presence, type }: FieldSchema): boolean {
  return presence === 'optional' && (type.kind === 'scalar' || type.kind === 'enum')
}

function writeField(context: Context, owner: string, field: FieldSchema, oneof: number, isSynthetic: boolean): void {
  const { w } = context
  const { type, presence } = field
  const isRepeated = type.kind === 'list' || type.kind === 'map'
  const one = type.kind === 'list' ? type.element : type
  const isRequired = presence === 'required' && editions[context.file.syntax] === undefined
  w.stringField(10, field.name)
  w.int32Field(24, field.id)
  w.int32Field(32, isRepeated ? labels.repeated : isRequired ? labels.required : labels.optional)
  if (one.kind === 'map') {
    w.int32Field(40, typeMessage)
    w.stringField(50, `.${owner}.${entryName(field.name)}`)
  } else writeType(context, one, field.delimited === true)
  if (field.default !== undefined) w.stringField(58, defaultText(context, one, field.default))
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

/** What the syntax or edition does not say by itself. */
function writeFieldOptions({ w, file }: Context, field: FieldSchema): void {
  const { type } = field
  const isPackable = type.kind === 'list' && isPackableElement(type.element)
  const packed = field.packed ?? false
  const isEdition = editions[file.syntax] !== undefined
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
  const says = !isEdition && isPackable && packed !== (file.syntax === 'proto3')
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

function writeEnum({ w, file }: Context, { name, values, closed = false }: EnumSchema): void {
  w.stringField(10, simple(name))
  for (const value of values) {
    within(w, 18, () => {
      w.stringField(10, value.name)
      w.int32Field(16, value.number)
    })
  }
  const hasAliases = new Set(values.map((value) => value.number)).size < values.length
  const isClosedEdition = editions[file.syntax] !== undefined && closed
  if (!hasAliases && !isClosedEdition) return
  within(w, 26, () => {
    if (hasAliases) w.boolField(16, true)
    if (isClosedEdition) within(w, 58, () => w.int32Field(16, 2))
  })
}

function writeService(w: ProtobufWriter, { name, methods, annotations }: ServiceSchema): void {
  w.stringField(10, simple(name))
  for (const method of methods) {
    within(w, 18, () => {
      w.stringField(10, method.name)
      w.stringField(18, `.${method.request}`)
      w.stringField(26, `.${method.response}`)
      const isDeprecated = method.annotations?.['deprecated'] === true
      const level = ['NO_SIDE_EFFECTS', 'IDEMPOTENT'].indexOf(String(method.annotations?.['idempotency_level'])) + 1
      if (isDeprecated || level > 0) {
        within(w, 34, () => {
          if (isDeprecated) w.boolField(264, true)
          if (level > 0) w.int32Field(272, level)
        })
      }
      if (method.kind === 'client_streaming' || method.kind === 'bidi_streaming') w.boolField(40, true)
      if (method.kind === 'server_streaming' || method.kind === 'bidi_streaming') w.boolField(48, true)
    })
  }
  if (annotations?.['deprecated'] === true) within(w, 26, () => w.boolField(264, true))
}

/** A default as protoc writes it. */
function defaultText({ file }: Context, type: TypeSchema, value: unknown): string {
  if (type.kind === 'enum') {
    const found = enumOf(file, type.name)?.values.find((one) => one.number === value)
    return found?.name ?? String(value)
  }
  if (type.kind !== 'scalar') return ''
  if (type.scalar === 'bytes') return escaped(atob(value as string))
  if (type.scalar !== 'f32' && type.scalar !== 'f64') return String(value)
  return String(value).replace('Infinity', 'inf').replace('NaN', 'nan')
}

function enumOf(file: FileSchema, name: string): EnumSchema | undefined {
  const all = new Set([file])
  for (const one of all) {
    const found = one.enums.find((each) => each.name === name)
    if (found !== undefined) return found
    for (const other of one.imports) all.add(other)
  }
  return undefined
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  "'": "\\'",
  '\\': '\\\\',
}

function escaped(text: string): string {
  return [...text]
    .map((char) => {
      const code = char.charCodeAt(0)
      return escapes[char] ?? (code >= 32 && code < 127 ? char : `\\${code.toString(8).padStart(3, '0')}`)
    })
    .join('')
}
