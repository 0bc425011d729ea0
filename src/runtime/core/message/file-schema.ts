/** Reads the compact JSON in which generated code carries the description of its IDL file. */

import { processWide } from '../copies/process-wide.ts'
import {
  type DescriptorDetails,
  type EnumSchema,
  type ExtensionSchema,
  type FieldSchema,
  type FileSchema,
  formatNumber,
  isInt64,
  type MessageSchema,
  type MethodKind,
  type MethodSchema,
  type Presence,
  type ScalarName,
  type ServiceSchema,
  type TypeSchema,
} from './schema.ts'

type Annotations = Readonly<Record<string, unknown>>
/**
 * Id, `idlName localName jsonName` (equal ones left out at the end), type code, flags, `idlName localName` of the oneof
 * (once where they are equal), default (null for none where options follow), options. Flags: presence, 4 packed,
 * 8 delimited, 16 lossy, 32 marked `optional`.
 */
type FieldJson = readonly [number, string, string, number?, string?, unknown?, string?]
/** Options, reserved ranges, reserved names, ranges of extensions, options of the oneofs or values by name. */
interface DetailsJson {
  readonly o?: string
  readonly r?: readonly number[]
  readonly n?: readonly string[]
  readonly x?: readonly (readonly [number, number, string?])[]
  readonly f?: Readonly<Record<string, string>>
}
/** Index of the kind (4 more where unknown fields are kept for extensions), name, fields, annotations or 0, details. */
type MessageJson = readonly [number, string, readonly FieldJson[], (Annotations | 0)?, DetailsJson?]
/** Name, name of the message that is extended, field. */
type ExtensionJson = readonly [string, string, FieldJson]
/** Name, with `!` behind it when closed, then each value as `idlName localName` and its number, then details. */
type EnumJson = readonly [string, ...(string | number | DetailsJson)[]]
/** Name, index of the kind (8 more where it is idempotent), names of request and response, annotations or 0, options. */
type MethodJson = readonly [string, number, string, string, (Annotations | 0)?, string?]
/** Name, name of the parent or empty, methods, annotations or 0, options. */
type ServiceJson = readonly [string, string, readonly MethodJson[], (Annotations | 0)?, string?]
/**
 * Path, IDL (0 Thrift, 1 protobuf), syntax, package, prefix of the file's own names (which are written `.Name`), words
 * (`number` or `string`: the form of 64-bit integers where it is not bigint; `view`: of bytes; `unknown`: fields are
 * kept; `absent`: optional fields with defaults stay absent), messages, enums, services, paths of public imports, extensions, options.
 */
type FileJson = readonly [
  string,
  number,
  string,
  string,
  string,
  string,
  readonly MessageJson[],
  readonly EnumJson[],
  readonly ServiceJson[],
  (readonly string[])?,
  (readonly ExtensionJson[])?,
  string?,
]

const shapes: readonly MessageSchema['kind'][] = ['struct', 'union', 'exception', 'message']
const kinds: readonly MethodKind[] = ['unary', 'oneway', 'server_streaming', 'client_streaming', 'bidi_streaming']
const presences: readonly Presence[] = ['default', 'required', 'optional']

/**
 * The description of an IDL file, decoded when it is first read. Generated code calls it with the format number it was
 * made for; one that this runtime does not speak is an error that says what to run.
 */
export function fileSchema(format: number, json: string, imports: () => readonly FileSchema[]): FileSchema {
  if (format !== formatNumber) throw new Error(mismatch(format, json))
  let decoded: FileSchema | undefined
  const file = (): FileSchema => {
    decoded ??= decodeFile(JSON.parse(json) as FileJson, imports)
    return decoded
  }
  return {
    get path() {
      return file().path
    },
    get idl() {
      return file().idl
    },
    get syntax() {
      return file().syntax
    },
    get package() {
      return file().package
    },
    get imports() {
      return file().imports
    },
    get publicImports() {
      return file().publicImports ?? []
    },
    get messages() {
      return file().messages
    },
    get enums() {
      return file().enums
    },
    get services() {
      return file().services
    },
    get extensions() {
      return file().extensions ?? []
    },
    get options() {
      return file().options ?? ''
    },
  }
}

const messagesByName = processWide('messages by name', () => new WeakMap<FileSchema, Map<string, MessageSchema>>())
const files = processWide('files of messages', () => new WeakMap<MessageSchema, FileSchema>())

/** The description of one message of a file. Throws when the file has none of that name. */
export function messageSchema(file: FileSchema, name: string): MessageSchema {
  let byName = messagesByName.get(file)
  if (byName === undefined) {
    byName = new Map(file.messages.map((message) => [message.name, message]))
    messagesByName.set(file, byName)
  }
  const found = byName.get(name)
  if (found === undefined) throw new Error(`${file.path} does not describe ${name}`)
  files.set(found, file)
  return found
}

/** The description of one service of a file; undefined when it has none of that name. */
export function serviceSchema(file: FileSchema, name: string): ServiceSchema | undefined {
  return file.services.find((service) => service.name === name)
}

/** The file that describes a message: known of every schema that {@link messageSchema} gave, as `Type.schema` does. */
export function fileOf(schema: MessageSchema): FileSchema {
  const file = files.get(schema)
  if (file === undefined) throw new Error(`nothing is known of the file that describes ${schema.name}`)
  return file
}

function mismatch(format: number, json: string): string {
  const path = /^\["((?:[^"\\]|\\.)*)"/.exec(json)?.[1] ?? 'an IDL file'
  const todo =
    format < formatNumber
      ? 'run `npx volo generate` to renew it'
      : 'install the version of volo-ts that generated it, or run `npx volo generate` with the installed one'
  return `The code generated from ${path} has format ${format}, and this version of volo-ts reads format ${formatNumber}: ${todo}.`
}

function decodeFile(json: FileJson, imports: () => readonly FileSchema[]): FileSchema {
  const [path, idl, syntax, packageName, prefix, words, messages, enums, services, publicImports, extensions, options] =
    json
  const forms = formsOf(words)
  const full = (name: string): string => (name.startsWith('.') ? prefix + name.slice(1) : name)
  return {
    path,
    idl: idl === 0 ? 'thrift' : 'protobuf',
    syntax,
    package: packageName,
    get imports() {
      return imports()
    },
    ...(publicImports && { publicImports }),
    ...(options && { options }),
    extensions: (extensions ?? []).map(
      ([name, extendee, field]): ExtensionSchema => ({
        name: full(name),
        extendee: full(extendee),
        field: decodeField(field, full, forms),
      }),
    ),
    messages: messages.map(
      ([shape, name, fields, annotations, details]): MessageSchema => ({
        kind: shapes[shape & 3]!,
        name: full(name),
        fields: fields.map((field) => decodeField(field, full, forms)),
        ...((forms.keepsUnknown || shape > 3) && { keepsUnknown: true }),
        ...(annotations && { annotations }),
        ...(details && { details: decodeDetails(details) }),
      }),
    ),
    enums: enums.map((one) => decodeEnum(one, full)),
    services: services.map(
      ([name, parent, methods, annotations, options]): ServiceSchema => ({
        name: full(name),
        ...(parent !== '' && { extends: full(parent) }),
        methods: methods.map((method) => decodeMethod(method, full)),
        ...(annotations && { annotations }),
        ...(options && { options }),
      }),
    ),
  }
}

/** The TypeScript forms that a file's words ask for. */
interface Forms {
  readonly int64: 'number' | 'string' | undefined
  readonly view: boolean
  readonly maps: boolean
  readonly names: boolean
  readonly keepsUnknown: boolean
  readonly absent: boolean
}

function formsOf(words: string): Forms {
  const all = words.split(' ')
  return {
    int64: all.includes('number') ? 'number' : all.includes('string') ? 'string' : undefined,
    view: all.includes('view'),
    maps: all.includes('map'),
    names: all.includes('names'),
    keepsUnknown: all.includes('unknown'),
    absent: all.includes('absent'),
  }
}

function decodeField(json: FieldJson, full: (name: string) => string, forms: Forms): FieldSchema {
  const { int64, view, maps, names, absent } = forms
  const [id, spelled, code, flags = 0, oneof = ''] = json
  const [name = '', localName = name, ...rest] = spelled.split(' ')
  const jsonName = rest.length === 0 ? localName : rest.join(' ')
  const [oneofName = '', oneofLocal = oneofName] = oneof.split(' ')
  const cursor = { code, at: 0, hasInt64: false, hasBytes: false, hasEnum: false, hasRecord: false }
  const type = decodeType(cursor, full)
  return {
    id,
    name,
    localName,
    jsonName,
    type,
    presence: presences[flags & 3]!,
    ...(oneof !== '' && { oneof: oneofLocal }),
    ...(oneofName !== oneofLocal && { oneofName }),
    ...((flags & 4) !== 0 && { packed: true }),
    ...((flags & 8) !== 0 && { delimited: true }),
    ...((flags & 16) !== 0 && { lossy: true }),
    ...((flags & 32) !== 0 && { markedOptional: true }),
    ...(json[6] !== undefined && { options: json[6] }),
    ...(json.length > 5 && json[5] !== null && { default: json[5], ...(absent && { keepsAbsent: true }) }),
    ...(int64 !== undefined && cursor.hasInt64 && { int64 }),
    ...(view && cursor.hasBytes && { view }),
    ...(maps && cursor.hasRecord && { map: 'map' }),
    ...(names && cursor.hasEnum && { enum: 'string' }),
  }
}

/** How far a type code is read, and what it held. */
interface TypeCursor {
  readonly code: string
  at: number
  hasInt64: boolean
  hasBytes: boolean
  hasEnum: boolean
  hasRecord: boolean
}

/** Prefix notation: `[T` list, `{T` set, `<K,V` map, `=Name` enum, `:Name` message, else a scalar. */
function decodeType(cursor: TypeCursor, full: (name: string) => string): TypeSchema {
  const mark = cursor.code[cursor.at]
  if (mark === '[' || mark === '{') {
    cursor.at++
    return { kind: mark === '[' ? 'list' : 'set', element: decodeType(cursor, full) }
  }
  if (mark === '<') {
    cursor.at++
    const key = decodeType(cursor, full)
    if (key.kind === 'scalar' && (key.scalar === 'string' || key.scalar === 'uuid')) cursor.hasRecord = true
    cursor.at++
    return { kind: 'map', key, value: decodeType(cursor, full) }
  }
  const comma = cursor.code.indexOf(',', cursor.at)
  const end = comma === -1 ? cursor.code.length : comma
  const word = cursor.code.slice(cursor.at, end)
  cursor.at = end
  if (mark === '=') {
    cursor.hasEnum = true
    return { kind: 'enum', name: full(word.slice(1)) }
  }
  if (mark === ':') return { kind: 'message', name: full(word.slice(1)) }
  if (isInt64(word as ScalarName)) cursor.hasInt64 = true
  if (word === 'bytes') cursor.hasBytes = true
  return { kind: 'scalar', scalar: word as ScalarName }
}

function decodeEnum([name, ...flat]: EnumJson, full: (name: string) => string): EnumSchema {
  const values: { name: string; localName: string; number: number }[] = []
  const last = flat.at(-1)
  const details = typeof last === 'object' ? last : undefined
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [idlName = '', localName = idlName] = String(flat[i]).split(' ')
    values.push({ name: idlName, localName, number: Number(flat[i + 1]) })
  }
  const closed = name.endsWith('!')
  return {
    kind: 'enum',
    name: full(closed ? name.slice(0, -1) : name),
    ...(closed && { closed }),
    values,
    ...(details && { details: decodeDetails(details) }),
  }
}

function decodeMethod(
  [name, kind, request, response, annotations, options]: MethodJson,
  full: (name: string) => string,
): MethodSchema {
  return {
    name,
    kind: kinds[kind & 7]!,
    request: full(request),
    response: full(response),
    ...(kind > 7 && { idempotent: true }),
    ...(annotations && { annotations }),
    ...(options && { options }),
  }
}

function decodeDetails({ o, r, n, x, f }: DetailsJson): DescriptorDetails {
  return {
    ...(o && { options: o }),
    ...(r && { reservedRanges: r }),
    ...(n && { reservedNames: n }),
    ...(x && { extensionRanges: x }),
    ...(f && { partOptions: f }),
  }
}
