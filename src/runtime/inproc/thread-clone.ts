/** Messages made ready for structured clone, and made themselves again behind it, by their descriptions. */

import { RpcError } from '../core/error.ts'
import { messageSchema } from '../core/file-schema.ts'
import type { FieldSchema, FileSchema, MessageSchema, TypeSchema } from '../core/schema.ts'
import type { ByteCopier } from './transfer.ts'

type Plain = Record<string, unknown>
type Copy = (value: unknown, bytes: ByteCopier, path: string) => unknown
type Revive = (value: unknown) => void

interface MemberPlan {
  readonly name: string
  readonly copy: Copy
  readonly revive: Revive | undefined
}

/**
 * Copies and revives the messages of one type. Structured clone keeps what is aliased inside one post, loses
 * prototypes, drags the whole buffer of a small view along, and fails on functions: the copy shares nothing, holds what the
 * IDL describes and nothing else, and has exact byte arrays. `revive` takes the prototypes from records again.
 */
export class ClonePlan {
  private readonly file: FileSchema
  private readonly schema: MessageSchema
  private members: readonly MemberPlan[] | undefined
  private oneofs: ReadonlyMap<string, ReadonlyMap<string, MemberPlan>> | undefined
  private cases: ReadonlyMap<string, MemberPlan> | undefined
  private readonly changes: boolean

  constructor(file: FileSchema, schema: MessageSchema) {
    this.file = file
    this.schema = schema
    this.changes = hasRecord(file, schema, new Set())
  }

  copy(value: unknown, bytes: ByteCopier, path: string): object {
    if (typeof value !== 'object' || value === null) throw misfit(path, value)
    this.prepare()
    if (this.cases !== undefined) return copyCase(this.cases, value as Plain, bytes, path)
    const copy: Plain = {}
    for (const { name, copy: copyMember } of this.members!) {
      const member = (value as Plain)[name]
      if (member !== undefined) copy[name] = copyMember(member, bytes, `${path}.${name}`)
    }
    for (const [name, cases] of this.oneofs!) {
      const member = (value as Plain)[name]
      if (member !== undefined) copy[name] = copyCase(cases, member as Plain, bytes, `${path}.${name}`)
    }
    const unknown = (value as Plain)['$unknown']
    if (unknown !== undefined && this.schema.keepsUnknown === true) {
      copy['$unknown'] = copyAnything(unknown, bytes, `${path}.$unknown`)
    }
    return copy
  }

  /** Changes the value in place. */
  revive(value: unknown): void {
    if (!this.changes || typeof value !== 'object' || value === null) return
    this.prepare()
    if (this.cases !== undefined) {
      reviveCase(this.cases, value as Plain)
      return
    }
    for (const { name, revive } of this.members!) {
      const member = (value as Plain)[name]
      if (revive !== undefined && member !== undefined) revive(member)
    }
    for (const [name, cases] of this.oneofs!) {
      const member = (value as Plain)[name]
      if (member !== undefined) reviveCase(cases, member as Plain)
    }
  }

  private prepare(): void {
    if (this.members !== undefined) return
    const members: MemberPlan[] = []
    const oneofs = new Map<string, Map<string, MemberPlan>>()
    for (const field of this.schema.fields) {
      const plan = memberPlan(this.file, field)
      if (field.oneof === undefined) members.push(plan)
      else {
        const cases = oneofs.get(field.oneof) ?? new Map<string, MemberPlan>()
        oneofs.set(field.oneof, cases.set(plan.name, plan))
      }
    }
    if (this.schema.kind === 'union') this.cases = new Map(members.map((member) => [member.name, member]))
    this.oneofs = oneofs
    this.members = members
  }
}

const plans = new WeakMap<MessageSchema, ClonePlan>()

/** The plan of a message that a file, or one that it imports, describes. */
export function clonePlan(file: FileSchema, schema: MessageSchema): ClonePlan {
  let plan = plans.get(schema)
  if (plan === undefined) {
    plan = new ClonePlan(file, schema)
    plans.set(schema, plan)
  }
  return plan
}

/** Whether an exception stands inside a message. Its class is lost in a clone, so that such messages need a codec. */
export function holdsException(file: FileSchema, schema: MessageSchema, except: ReadonlySet<string>): boolean {
  const seen = new Set<MessageSchema>([schema])
  const inside = (type: TypeSchema, from: FileSchema): boolean =>
    messagesOf(type).some((name) => {
      const found = describe(from, name)
      if (found.schema.kind === 'exception') return true
      if (seen.has(found.schema)) return false
      seen.add(found.schema)
      return found.schema.fields.some((field) => inside(field.type, found.file))
    })
  return schema.fields.some((field) => !except.has(field.localName) && inside(field.type, file))
}

function memberPlan(file: FileSchema, field: FieldSchema): MemberPlan {
  return { name: field.localName, copy: copierOf(file, field.type), revive: reviverOf(file, field.type) }
}

function copierOf(file: FileSchema, type: TypeSchema): Copy {
  if (type.kind === 'scalar') return type.scalar === 'bytes' ? copyBytes : copyScalar
  if (type.kind === 'enum') return copyScalar
  if (type.kind === 'message') {
    const found = describe(file, type.name)
    const plan = clonePlan(found.file, found.schema)
    return (value, bytes, path) => plan.copy(value, bytes, path)
  }
  if (type.kind === 'map') return mapCopier(copierOf(file, type.key), copierOf(file, type.value))
  const copyElement = copierOf(file, type.element)
  return (value, bytes, path) => {
    if (value instanceof Set) return new Set(Array.from(value, (element) => copyElement(element, bytes, path)))
    if (Array.isArray(value)) return value.map((element) => copyElement(element, bytes, path))
    throw misfit(path, value)
  }
}

function mapCopier(copyKey: Copy, copyValue: Copy): Copy {
  return (value, bytes, path) => {
    if (value instanceof Map) {
      const copy = new Map<unknown, unknown>()
      for (const [key, one] of value) copy.set(copyKey(key, bytes, path), copyValue(one, bytes, path))
      return copy
    }
    if (Array.isArray(value)) {
      return value.map((pair) => [copyKey(pair[0], bytes, path), copyValue(pair[1], bytes, path)])
    }
    if (typeof value !== 'object' || value === null) throw misfit(path, value)
    const copy = Object.create(null) as Plain
    for (const key of Object.keys(value)) copy[key] = copyValue((value as Plain)[key], bytes, path)
    return copy
  }
}

const copyBytes: Copy = (value, bytes, path) => {
  if (value instanceof Uint8Array) return bytes.copy(value, path)
  throw misfit(path, value)
}

const copyScalar: Copy = (value, _bytes, path) => {
  const type = typeof value
  if (type === 'string' || type === 'number' || type === 'boolean' || type === 'bigint') return value
  throw misfit(path, value)
}

/** Unknown fields: whatever the codec keeps, made of arrays, bytes, Maps, plain objects and scalars. */
const copyAnything: Copy = (value, bytes, path) => {
  if (value instanceof Uint8Array) return bytes.copy(value, path)
  if (Array.isArray(value)) return value.map((one) => copyAnything(one, bytes, path))
  if (value instanceof Map) {
    return new Map(Array.from(value, (pair) => copyAnything(pair, bytes, path) as [unknown, unknown]))
  }
  if (typeof value !== 'object' || value === null) return value === undefined ? value : copyScalar(value, bytes, path)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyAnything(one, bytes, path)]))
}

function copyCase(cases: ReadonlyMap<string, MemberPlan>, value: Plain, bytes: ByteCopier, path: string): object {
  const name = value['case']
  const member = typeof name === 'string' ? cases.get(name) : undefined
  if (member === undefined) throw new RpcError('INVALID_ARGUMENT', `${path} has no case ${String(name)}`)
  return { case: name, value: member.copy(value['value'], bytes, `${path}.${member.name}`) }
}

function reviveCase(cases: ReadonlyMap<string, MemberPlan>, value: Plain): void {
  const { revive } = cases.get(value['case'] as string) ?? { revive: undefined }
  revive?.(value['value'])
}

/** Undefined when nothing of such a value changes. */
function reviverOf(file: FileSchema, type: TypeSchema): Revive | undefined {
  if (type.kind === 'scalar' || type.kind === 'enum') return undefined
  if (type.kind === 'message') {
    const found = describe(file, type.name)
    const plan = clonePlan(found.file, found.schema)
    return (value) => plan.revive(value)
  }
  if (type.kind === 'map') return mapReviver(reviverOf(file, type.key), reviverOf(file, type.value))
  const revive = reviverOf(file, type.element)
  if (revive === undefined) return undefined
  return (value) => {
    for (const element of value as Iterable<unknown>) revive(element)
  }
}

function mapReviver(reviveKey: Revive | undefined, reviveValue: Revive | undefined): Revive {
  return (value) => {
    if (value instanceof Map || Array.isArray(value)) {
      for (const [key, one] of value as Iterable<readonly [unknown, unknown]>) {
        reviveKey?.(key)
        reviveValue?.(one)
      }
      return
    }
    Object.setPrototypeOf(value, null)
    if (reviveValue !== undefined) for (const one of Object.values(value as Plain)) reviveValue(one)
  }
}

/** Whether a message can hold a map, which may be a record. */
function hasRecord(file: FileSchema, schema: MessageSchema, seen: Set<MessageSchema>): boolean {
  if (seen.has(schema)) return false
  seen.add(schema)
  return schema.fields.some(({ type }) => {
    if (holdsMap(type)) return true
    return messagesOf(type).some((name) => {
      const found = describe(file, name)
      return hasRecord(found.file, found.schema, seen)
    })
  })
}

function holdsMap(type: TypeSchema): boolean {
  if (type.kind === 'map') return true
  return (type.kind === 'list' || type.kind === 'set') && holdsMap(type.element)
}

function messagesOf(type: TypeSchema): string[] {
  if (type.kind === 'message') return [type.name]
  if (type.kind === 'map') return [...messagesOf(type.key), ...messagesOf(type.value)]
  return type.kind === 'list' || type.kind === 'set' ? messagesOf(type.element) : []
}

interface Described {
  readonly file: FileSchema
  readonly schema: MessageSchema
}

const described = new WeakMap<FileSchema, Map<string, Described>>()

/** Finds a message in a file or in the nearest of its imports. */
function describe(file: FileSchema, name: string): Described {
  let known = described.get(file)
  if (known === undefined) {
    known = new Map()
    described.set(file, known)
  }
  let found = known.get(name)
  if (found !== undefined) return found
  const files = new Set([file])
  for (const one of files) {
    if (one.messages.some((message) => message.name === name)) {
      found = { file: one, schema: messageSchema(one, name) }
      known.set(name, found)
      return found
    }
    for (const imported of one.imports) files.add(imported)
  }
  throw new Error(`neither ${file.path} nor what it imports describes ${name}`)
}

function misfit(path: string, value: unknown): RpcError {
  const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
  return new RpcError('INVALID_ARGUMENT', `${path} cannot hold ${what}`)
}
