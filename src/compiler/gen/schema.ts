/** The compact JSON of a file's description; `runtime/core/message/file-schema.ts` reads it and says what each place means. */

import type {
  IrAnnotation,
  IrEnum,
  IrField,
  IrFile,
  IrMessage,
  IrMethod,
  IrService,
  IrType,
  IrValue,
} from '../ir/ir.ts'
import type { ModuleContext } from './context.ts'
import { isInt64, isString, resolve } from './type-shape.ts'
import { bytesOf, follow } from './value.ts'

const shapes = ['struct', 'union', 'exception', 'message'] as const
const kinds = ['unary', 'oneway', 'server_streaming', 'client_streaming', 'bidi_streaming'] as const
const presences = ['default', 'required', 'optional'] as const

/** JSON-safe data. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Encodes what a file declares. */
export function schemaJson(file: IrFile, context: ModuleContext): string {
  const { names } = context
  const declarations = context.reach.declarations(file)
  const first = declarations[0]
  const prefix = first === undefined ? '' : first.fullName.slice(0, first.fullName.length - first.name.length)
  const short = (name: string): string =>
    prefix !== '' && name.startsWith(prefix) ? `.${name.slice(prefix.length)}` : name

  const messages: IrMessage[] = []
  const enums: IrEnum[] = []
  const services: IrService[] = []
  for (const one of declarations) {
    if (one.kind === 'message') messages.push(one)
    else if (one.kind === 'enum') enums.push(one)
    else if (one.kind === 'service') services.push(one)
  }
  for (const service of file.idl === 'thrift' ? services : []) {
    for (const method of service.methods) {
      const { args, result } = names.methodMessages(method)
      messages.push(args, result)
    }
  }

  const fieldJson = (field: IrField, isExtension: boolean): Json => {
    const local = names.member(field)
    const spelled = [field.name, local, field.jsonName]
    while (spelled.length > 1 && spelled.at(-1) === spelled.at(-2)) spelled.pop()
    const lossy = file.idl === 'protobuf' && holdsText(field.type) && !(field.validateUtf8 ?? file.syntax !== 'proto2')
    const marked = file.syntax === 'proto3' && field.markedOptional === true && (isExtension || needsMark(field))
    const marks = (field.packed ? 4 : 0) + (field.delimited ? 8 : 0) + (lossy ? 16 : 0) + (marked ? 32 : 0)
    const flags = presences.indexOf(field.presence) + marks
    const oneof = field.oneof === undefined ? '' : spelling(field.oneof.name, names.oneof(field.oneof))
    const all: Json[] = [field.id, spelled.join(' '), typeCode(field.type, short), flags, oneof]
    const options = optionsText(file, field.annotations)
    if (options !== '') all.push(field.default === undefined ? null : defaultJson(field.type, field.default), options)
    else if (field.default !== undefined) all.push(defaultJson(field.type, field.default))
    else while (all.at(-1) === '' || all.at(-1) === 0) all.pop()
    return all
  }
  const messageJson = (message: IrMessage): Json =>
    withDetails(
      withAnnotations(
        [
          shapes.indexOf(message.shape) + (context.reach.isExtended(message) ? 4 : 0),
          short(message.fullName),
          message.fields.map((field) => fieldJson(field, false)),
        ],
        message.annotations,
      ),
      messageDetails(file, message),
    )
  const enumJson = (type: IrEnum): Json => {
    const details = enumDetails(file, type)
    return [
      short(type.fullName) + (type.closed ? '!' : ''),
      ...type.values.flatMap((value) => [spelling(value.name, names.enumMember(value)), value.number]),
      ...(details === undefined ? [] : [details]),
    ]
  }
  const methodJson = (method: IrMethod): Json => {
    const [request, response] =
      file.idl === 'thrift'
        ? [names.methodMessages(method).args.fullName, names.methodMessages(method).result.fullName]
        : [messageName(method.request), messageName(method.result)]
    return withDetails(
      withAnnotations(
        [method.name, kinds.indexOf(method.kind) + (method.idempotent ? 8 : 0), short(request), short(response)],
        method.annotations,
      ),
      optionsText(file, method.annotations),
    )
  }
  const serviceJson = (service: IrService): Json => {
    const parent = service.extends?.target
    const methods = service.methods.map((method) => methodJson(method))
    return withDetails(
      withAnnotations(
        [short(service.fullName), parent === undefined ? '' : short(parent.fullName), methods],
        service.annotations,
      ),
      optionsText(file, service.annotations),
    )
  }
  const extensions = declarations.flatMap((one): Json[] => {
    const extendee = one.kind === 'extension' ? one.extendee.target : undefined
    return one.kind !== 'extension' || extendee === undefined
      ? []
      : [[short(one.fullName), short(extendee.fullName), fieldJson(one.field, true)]]
  })
  const publicImports = file.imports.filter((one) => one.kind === 'public').map((one) => one.path)
  const json: readonly Json[] = [
    file.source.logicalPath,
    file.idl === 'thrift' ? 0 : 1,
    file.syntax,
    file.package,
    prefix,
    forms(file, context),
    messages.map(messageJson),
    enums.map(enumJson),
    services.map(serviceJson),
  ]
  const options = optionsText(file, file.annotations)
  const rest: Json[] = [publicImports, extensions, options]
  while (rest.length > 0 && (rest.at(-1) === '' || (rest.at(-1) as readonly Json[]).length === 0)) rest.pop()
  return JSON.stringify([...json, ...rest])
}

/** Of a scalar or enum its presence says the same, unless it is an extension. */
function needsMark({ type, presence, oneof }: IrField): boolean {
  return resolve(type).kind === 'message' && presence === 'optional' && oneof === undefined
}

/** The options of a declaration of protobuf as base64 of their message; empty when there are none. */
function optionsText(file: IrFile, annotations: readonly IrAnnotation[]): string {
  if (file.idl !== 'protobuf' || annotations.length === 0) return ''
  return base64(Uint8Array.from(annotations.flatMap((one) => [...(one.bytes?.() ?? [])])))
}

/** What only a descriptor shows of a message; undefined when there is nothing. */
function messageDetails(file: IrFile, message: IrMessage): Json | undefined {
  if (file.idl !== 'protobuf') return undefined
  const { reserved, extensionRanges = [], oneofs } = message
  const oneofOptions = oneofs.flatMap((one): [string, string][] => {
    const text = optionsText(file, one.annotations ?? [])
    return text === '' ? [] : [[one.name, text]]
  })
  return details({
    o: optionsText(file, message.annotations),
    r: (reserved?.ranges ?? []).flatMap(({ start, end }) => [start, end]),
    n: (reserved?.names ?? []).map(({ name }) => name),
    x: extensionRanges.map(({ start, end, annotations }) => {
      const text = optionsText(file, annotations)
      return text === '' ? [start, end] : [start, end, text]
    }),
    f: Object.fromEntries(oneofOptions),
  })
}

/** The same of an enum. */
function enumDetails(file: IrFile, type: IrEnum): Json | undefined {
  if (file.idl !== 'protobuf') return undefined
  const valueOptions = type.values.flatMap((one): [string, string][] => {
    const text = optionsText(file, one.annotations)
    return text === '' ? [] : [[one.name, text]]
  })
  return details({
    o: optionsText(file, type.annotations),
    r: (type.reserved?.ranges ?? []).flatMap(({ start, end }) => [start, end]),
    n: (type.reserved?.names ?? []).map(({ name }) => name),
    f: Object.fromEntries(valueOptions),
  })
}

/** Without what is empty; undefined when all is. */
function details(all: Readonly<Record<string, Json>>): Json | undefined {
  const some = Object.entries(all).filter(([, value]) =>
    typeof value === 'string' ? value !== '' : Object.keys(value as object).length > 0,
  )
  return some.length === 0 ? undefined : Object.fromEntries(some)
}

/** Appends details behind the annotations, whose place is 0 when there are none. */
function withDetails(parts: readonly Json[], details: Json | undefined): Json {
  if (details === undefined || details === '') return parts
  return [...parts, ...(typeof parts.at(-1) === 'object' && !Array.isArray(parts.at(-1)) ? [] : [0]), details]
}

/** The IDL name, and behind it the one in TypeScript where that differs. */
function spelling(name: string, local: string): string {
  return local === name ? name : `${name} ${local}`
}

/** Whether strings stand in a field, as elements, keys or values too. */
function holdsText(type: IrType): boolean {
  const resolved = resolve(type)
  if (resolved.kind === 'map') return holdsText(resolved.key) || holdsText(resolved.value)
  return resolved.kind === 'list' ? holdsText(resolved.element) : isString(type)
}

/** The forms that differ from the usual ones: `number` and `string` are of 64-bit integers, `map` of maps with string keys, `names` of enums; `absent`: no default fills an optional field. */
function forms(file: IrFile, { options, reach, names }: ModuleContext): string {
  const words = [
    options.int64 === 'bigint' ? '' : options.int64,
    options.bytes === 'view' ? 'view' : '',
    reach.keepsUnknown(file) ? 'unknown' : '',
    options.map === 'map' ? 'map' : '',
    options.enum === 'string' ? 'names' : '',
    file.idl === 'thrift' && !names.fillsOptional ? 'absent' : '',
  ]
  return words.filter((word) => word !== '').join(' ')
}

/** Appends the annotations by name; a name that stands more than once has the list of its values. */
function withAnnotations(parts: Json[], annotations: readonly IrAnnotation[]): readonly Json[] {
  if (annotations.length === 0) return parts
  const byName = new Map<string, Json[]>()
  for (const { name, value } of annotations) {
    const values = byName.get(name)
    if (values === undefined) byName.set(name, [value])
    else values.push(value)
  }
  return [
    ...parts,
    Object.fromEntries([...byName].map(([name, values]) => [name, values.length === 1 ? (values[0] as Json) : values])),
  ]
}

/** A type in prefix notation: `[T` list, `{T` set, `<K,V` map, `=Name` enum, `:Name` message, else a scalar's name. */
function typeCode(type: IrType, short: (name: string) => string): string {
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'scalar':
      return resolved.scalar
    case 'enum':
      return `=${short(resolved.enum.fullName)}`
    case 'message':
      return `:${short(resolved.message.fullName)}`
    case 'list':
      return `[${typeCode(resolved.element, short)}`
    case 'set':
      return `{${typeCode(resolved.element, short)}`
    case 'map':
      return `<${typeCode(resolved.key, short)},${typeCode(resolved.value, short)}`
  }
}

/** A default as JSON: 64-bit integers as decimal text, bytes as base64, enums as numbers, structs by IDL field name. */
function defaultJson(type: IrType, written: IrValue): Json {
  const value = follow(written)
  const resolved = resolve(type)
  switch (resolved.kind) {
    case 'list':
    case 'set':
      if (value.kind !== 'list') return []
      return distinctJson(
        value.elements.map((one) => defaultJson(resolved.element, one)),
        resolved.kind === 'set' ? (one) => one : undefined,
      )
    case 'map': {
      const entries = value.kind === 'map' ? value.entries : []
      const pairs = entries.map(
        (one) => [defaultJson(resolved.key, one.key), defaultJson(resolved.value, one.value)] as const,
      )
      return isString(resolved.key) ? Object.fromEntries(pairs) : distinctJson(pairs, ([name]) => name)
    }
    case 'message': {
      const entries = value.kind === 'map' ? value.entries : []
      const pairs = entries.flatMap((one) => {
        const name = follow(one.key)
        const field = resolved.message.fields.find((each) => name.kind === 'string' && each.name === name.value)
        return field === undefined ? [] : [[field.name, defaultJson(field.type, one.value)] as const]
      })
      return Object.fromEntries(pairs)
    }
    case 'enum':
      return integer(value)
    case 'scalar':
      if (resolved.scalar === 'bool') return value.kind === 'bool' ? value.value : integer(value) !== 0
      if (resolved.scalar === 'bytes') return base64(bytesOf(value))
      if (value.kind === 'string') return value.value
      if (isInt64(resolved.scalar)) return value.kind === 'int' ? String(value.value) : String(BigInt(integer(value)))
      if (value.kind === 'double' && (resolved.scalar === 'f32' || resolved.scalar === 'f64'))
        return Number.isFinite(value.value) && !Object.is(value.value, -0) ? value.value : numberText(value.value)
      return integer(value)
  }
}

/** Of values with one identity the last, as constants in generated code have it; without an identity all. */
function distinctJson<T extends Json>(values: readonly T[], identity: ((value: T) => Json) | undefined): readonly T[] {
  if (identity === undefined) return values
  return [...new Map(values.map((value) => [JSON.stringify(identity(value)), value])).values()]
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function integer(value: IrValue): number {
  if (value.kind === 'double') return value.value
  if (value.kind === 'int') return Number(value.value)
  if (value.kind === 'bool') return value.value ? 1 : 0
  return value.kind === 'name' && value.enumValue !== undefined ? value.enumValue.number : 0
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function messageName(type: IrType | undefined): string {
  const resolved = type && resolve(type)
  if (resolved?.kind !== 'message') throw new Error('a method refers to something that is not a message')
  return resolved.message.fullName
}
