/** Reads the compact JSON in which generated code carries the description of its IDL file. */

import {
  type EnumSchema,
  type FieldSchema,
  type FileSchema,
  formatNumber,
  type MessageSchema,
  type MethodKind,
  type MethodSchema,
  type Presence,
  type ScalarName,
  type ServiceSchema,
  type TypeSchema,
} from './schema.ts'

type Annotations = Readonly<Record<string, unknown>>
/** Id, `idlName localName jsonName` (equal ones left out at the end), type code, flags, oneof, default. */
type FieldJson = readonly [number, string, string, number?, string?, unknown?]
/** Index of the kind, name, fields, annotations. */
type MessageJson = readonly [number, string, readonly FieldJson[], Annotations?]
/** Name, then each value as `idlName localName` and its number. */
type EnumJson = readonly [string, ...(string | number)[]]
/** Name, index of the kind, names of request and response, annotations. */
type MethodJson = readonly [string, number, string, string, Annotations?]
/** Name, name of the parent or empty, methods, annotations. */
type ServiceJson = readonly [string, string, readonly MethodJson[], Annotations?]
/**
 * Path, IDL (0 Thrift, 1 protobuf), syntax, package, prefix of the file's own names (which are written `.Name`), form of
 * 64-bit integers (empty for bigint), messages, enums, services.
 */
type FileJson = readonly [
  string,
  number,
  string,
  string,
  string,
  '' | 'number' | 'string',
  readonly MessageJson[],
  readonly EnumJson[],
  readonly ServiceJson[],
]

const shapes: readonly MessageSchema['kind'][] = ['struct', 'union', 'exception', 'message']
const kinds: readonly MethodKind[] = ['unary', 'oneway', 'server_streaming', 'client_streaming', 'bidi_streaming']
const presences: readonly Presence[] = ['default', 'required', 'optional']
const int64Names: ReadonlySet<string> = new Set(['i64', 'u64', 's64', 'fixed64', 'sfixed64'])

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
    get messages() {
      return file().messages
    },
    get enums() {
      return file().enums
    },
    get services() {
      return file().services
    },
  }
}

const messagesByName = new WeakMap<FileSchema, Map<string, MessageSchema>>()

/** The description of one message of a file. Throws when the file has none of that name. */
export function messageSchema(file: FileSchema, name: string): MessageSchema {
  let byName = messagesByName.get(file)
  if (byName === undefined) {
    byName = new Map(file.messages.map((message) => [message.name, message]))
    messagesByName.set(file, byName)
  }
  const found = byName.get(name)
  if (found === undefined) throw new Error(`${file.path} does not describe ${name}`)
  return found
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
  const [path, idl, syntax, packageName, prefix, int64, messages, enums, services] = json
  const full = (name: string): string => (name.startsWith('.') ? prefix + name.slice(1) : name)
  return {
    path,
    idl: idl === 0 ? 'thrift' : 'protobuf',
    syntax,
    package: packageName,
    get imports() {
      return imports()
    },
    messages: messages.map(
      ([shape, name, fields, annotations]): MessageSchema => ({
        kind: shapes[shape]!,
        name: full(name),
        fields: fields.map((field) => decodeField(field, full, int64)),
        ...(annotations && { annotations }),
      }),
    ),
    enums: enums.map((one) => decodeEnum(one, full)),
    services: services.map(
      ([name, parent, methods, annotations]): ServiceSchema => ({
        name: full(name),
        ...(parent !== '' && { extends: full(parent) }),
        methods: methods.map((method) => decodeMethod(method, full)),
        ...(annotations && { annotations }),
      }),
    ),
  }
}

function decodeField(json: FieldJson, full: (name: string) => string, int64: '' | 'number' | 'string'): FieldSchema {
  const [id, spelled, code, flags = 0, oneof = ''] = json
  const [name = '', localName = name, jsonName = localName] = spelled.split(' ')
  const cursor = { code, at: 0, hasInt64: false }
  const type = decodeType(cursor, full)
  return {
    id,
    name,
    localName,
    jsonName,
    type,
    presence: presences[flags & 3]!,
    ...(oneof !== '' && { oneof }),
    ...((flags & 4) !== 0 && { packed: true }),
    ...((flags & 8) !== 0 && { delimited: true }),
    ...(json.length > 5 && { default: json[5] }),
    ...(int64 !== '' && cursor.hasInt64 && { int64 }),
  }
}

/** Prefix notation: `[T` list, `{T` set, `<K,V` map, `=Name` enum, `:Name` message, else a scalar. */
function decodeType(
  cursor: { readonly code: string; at: number; hasInt64: boolean },
  full: (name: string) => string,
): TypeSchema {
  const mark = cursor.code[cursor.at]
  if (mark === '[' || mark === '{') {
    cursor.at++
    return { kind: mark === '[' ? 'list' : 'set', element: decodeType(cursor, full) }
  }
  if (mark === '<') {
    cursor.at++
    const key = decodeType(cursor, full)
    cursor.at++
    return { kind: 'map', key, value: decodeType(cursor, full) }
  }
  const comma = cursor.code.indexOf(',', cursor.at)
  const end = comma === -1 ? cursor.code.length : comma
  const word = cursor.code.slice(cursor.at, end)
  cursor.at = end
  if (mark === '=') return { kind: 'enum', name: full(word.slice(1)) }
  if (mark === ':') return { kind: 'message', name: full(word.slice(1)) }
  if (int64Names.has(word)) cursor.hasInt64 = true
  return { kind: 'scalar', scalar: word as ScalarName }
}

function decodeEnum([name, ...flat]: EnumJson, full: (name: string) => string): EnumSchema {
  const values: { name: string; localName: string; number: number }[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const [idlName = '', localName = idlName] = String(flat[i]).split(' ')
    values.push({ name: idlName, localName, number: Number(flat[i + 1]) })
  }
  return { kind: 'enum', name: full(name), values }
}

function decodeMethod(
  [name, kind, request, response, annotations]: MethodJson,
  full: (name: string) => string,
): MethodSchema {
  return {
    name,
    kind: kinds[kind]!,
    request: full(request),
    response: full(response),
    ...(annotations && { annotations }),
  }
}
