/** IDL files as the JSON of Thrift reflection, and back: the names of the IDL, without the forms of TypeScript. */

import { RpcError } from '../core/error.ts'
import type {
  EnumSchema,
  FieldSchema,
  FileSchema,
  MessageSchema,
  MethodSchema,
  ScalarName,
  ServiceSchema,
  TypeSchema,
} from '../core/message/schema.ts'

/** How deep types may nest in a description that is read. */
const maxDepth = 64

/** The description of a file as `ReflectedFile.description` has it. */
export function writeDescription({ messages, enums, services }: FileSchema): string {
  return JSON.stringify({
    messages: messages.map(({ kind, name, fields, annotations }) => ({
      kind,
      name,
      fields: fields.map(({ id, name: field, type, presence, default: value }) => ({
        id,
        name: field,
        type,
        presence,
        ...(value !== undefined && { default: value }),
      })),
      annotations,
    })),
    enums: enums.map(({ name, values }) => ({
      name,
      values: values.map(({ name: value, number }) => ({ name: value, number })),
    })),
    services: services.map(({ name, extends: parent, methods, annotations }) => ({
      name,
      extends: parent,
      methods: methods.map(({ name: method, kind, request, response, idempotent, annotations: marks }) => ({
        name: method,
        kind,
        request,
        response,
        idempotent,
        annotations: marks,
      })),
      annotations,
    })),
  })
}

/**
 * What a description says, with values in their usual forms. It comes from a peer: whatever is wrong with it is an RpcError INTERNAL that
 * names the place.
 */
export function readDescription(path: string, text: string, imports: () => readonly FileSchema[]): FileSchema {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new RpcError('INTERNAL', `the description of ${path} is no JSON`, { cause: error })
  }
  const root = new Place(`the description of ${path}`, json)
  const messages = root.list('messages').map(readMessage)
  const enums = root.list('enums').map(readEnum)
  const services = root.list('services').map(readService)
  return {
    path,
    idl: 'thrift',
    syntax: 'thrift',
    package: '',
    get imports() {
      return imports()
    },
    messages,
    enums,
    services,
  }
}

function readMessage(at: Place): MessageSchema {
  const kind = at.word('kind', shapes)
  return {
    kind,
    name: at.text('name'),
    fields: at.list('fields').map((field) => readField(field, kind)),
    ...annotationsOf(at),
  }
}

function readField(at: Place, kind: MessageSchema['kind']): FieldSchema {
  const name = at.text('name')
  const type = readType(at.member('type'), 0)
  const value = at.optional('default')
  return {
    id: at.integer('id', 0x7fff),
    name,
    localName: memberName(name, kind, type),
    jsonName: name,
    type,
    presence: at.word('presence', presences),
    ...(value !== undefined && { default: value.value }),
  }
}

/** A member may be called neither what every object inherits nor what Error has, but for its message. */
function memberName(name: string, kind: MessageSchema['kind'], type: TypeSchema): string {
  const isText = type.kind === 'scalar' && type.scalar === 'string'
  const isErrors = kind === 'exception' && errorMembers.includes(name) && !(name === 'message' && isText)
  return isErrors || name in Object.prototype ? `${name}_` : name
}

function readType(at: Place, depth: number): TypeSchema {
  if (depth > maxDepth) throw at.wrong(`nests deeper than ${maxDepth}`)
  const kind = at.word('kind', typeKinds)
  switch (kind) {
    case 'scalar':
      return { kind, scalar: at.word('scalar', scalars) }
    case 'enum':
    case 'message':
      return { kind, name: at.text('name') }
    case 'map':
      return { kind, key: readType(at.member('key'), depth + 1), value: readType(at.member('value'), depth + 1) }
    default:
      return { kind, element: readType(at.member('element'), depth + 1) }
  }
}

function readEnum(at: Place): EnumSchema {
  const values = at.list('values').map((value) => {
    const name = value.text('name')
    return { name, localName: name, number: value.integer('number', 0x7fff_ffff) }
  })
  return { kind: 'enum', name: at.text('name'), values }
}

function readService(at: Place): ServiceSchema {
  const parent = at.optional('extends')
  return {
    name: at.text('name'),
    ...(parent !== undefined && { extends: at.text('extends') }),
    methods: at.list('methods').map(readMethod),
    ...annotationsOf(at),
  }
}

function readMethod(at: Place): MethodSchema {
  return {
    name: at.text('name'),
    kind: at.word('kind', methodKinds),
    request: at.text('request'),
    response: at.text('response'),
    ...(at.optional('idempotent')?.value === true && { idempotent: true }),
    ...annotationsOf(at),
  }
}

function annotationsOf(at: Place): { readonly annotations?: Readonly<Record<string, unknown>> } {
  const annotations = at.optional('annotations')
  return annotations === undefined ? {} : { annotations: annotations.object() }
}

const shapes = ['struct', 'union', 'exception'] as const
const presences = ['default', 'required', 'optional'] as const
const methodKinds = ['unary', 'oneway'] as const
const typeKinds = ['scalar', 'enum', 'message', 'list', 'set', 'map'] as const
const scalars = ['bool', 'i8', 'i16', 'i32', 'i64', 'f64', 'string', 'bytes', 'uuid'] as const satisfies ScalarName[]
const errorMembers: readonly string[] = ['name', 'message', 'stack', 'cause']

/** A value of the JSON, and the way to it. */
class Place {
  readonly value: unknown
  readonly #path: string

  constructor(path: string, value: unknown) {
    this.#path = path
    this.value = value
  }

  object(): Readonly<Record<string, unknown>> {
    const { value } = this
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong('is no object')
    return value as Readonly<Record<string, unknown>>
  }

  member(name: string): Place {
    const object = this.object()
    return new Place(`${this.#path}.${name}`, Object.hasOwn(object, name) ? object[name] : undefined)
  }

  optional(name: string): Place | undefined {
    const member = this.member(name)
    return member.value === undefined ? undefined : member
  }

  list(name: string): Place[] {
    const { value } = this.member(name)
    if (!Array.isArray(value)) throw this.wrong(`has no list ${name}`)
    return value.map((one, i) => new Place(`${this.#path}.${name}[${i}]`, one))
  }

  text(name: string): string {
    const { value } = this.member(name)
    if (typeof value !== 'string' || value === '') throw this.wrong(`has no text ${name}`)
    return value
  }

  integer(name: string, limit: number): number {
    const { value } = this.member(name)
    if (!Number.isInteger(value) || Math.abs(value as number) > limit + 1) throw this.wrong(`has no integer ${name}`)
    return value as number
  }

  word<W extends string>(name: string, words: readonly W[]): W {
    const { value } = this.member(name)
    const found = words.find((word) => word === value)
    if (found === undefined) throw this.wrong(`has a ${name} that is none of ${words.join(', ')}`)
    return found
  }

  wrong(what: string): RpcError {
    return new RpcError('INTERNAL', `${this.#path} ${what}`)
  }
}
