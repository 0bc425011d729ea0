/** The names of everything generated: modules, declarations, members, enum members, methods and arguments. */

import type { Report, Span } from '../diagnostic.ts'
import type {
  IrConst,
  IrEnum,
  IrEnumValue,
  IrField,
  IrFile,
  IrMessage,
  IrMethod,
  IrOneof,
  IrProgram,
  IrService,
  IrTypedef,
} from '../ir/ir.ts'
import { type MethodMessages, methodMessages } from './method-message.ts'
import { errorMembers, isReservedDeclaration, isReservedMember, isReservedMethod, keywords } from './reserved-words.ts'
import { isString } from './type-shape.ts'

/** The names of one message's printed functions. */
export interface CodecNames {
  readonly complete: string
  readonly encode: string
  readonly decode: string
}

/** A declaration that gets a name in its module. */
export type NamedDeclaration = IrMessage | IrEnum | IrTypedef | IrConst | IrService

/** Every name of a program, computed before anything is printed. */
export interface ProgramNames {
  /** Path of the file's module below the output folder, without extension: `shop/v1/shop`. */
  module(file: IrFile): string
  /** Every top-level name of the file's module, exported or not. */
  taken(file: IrFile): ReadonlySet<string>
  /** The name of a declaration: interface and constant, class, enum object, alias, or service constant. */
  declaration(declaration: NamedDeclaration): string
  /** The name of the input type of a message, or of a typedef whose input differs. */
  input(declaration: IrMessage | IrTypedef): string
  client(service: IrService): string
  handler(service: IrService): string
  codec(message: IrMessage): CodecNames
  /** The property of a field; for a field of a union or oneof the `case` it is told by. */
  member(field: IrField): string
  oneof(oneof: IrOneof): string
  enumMember(value: IrEnumValue): string
  method(method: IrMethod): string
  /** Thrift: the messages that carry a method's arguments and result. */
  methodMessages(method: IrMethod): MethodMessages
}

/** The names found so far, by what they name. */
interface NameTables {
  readonly taken: Map<IrFile, ReadonlySet<string>>
  readonly names: Map<object, string>
  readonly inputs: Map<IrMessage | IrTypedef, string>
  readonly clients: Map<IrService, string>
  readonly handlers: Map<IrService, string>
  readonly codecs: Map<IrMessage, CodecNames>
  readonly messages: Map<IrMethod, MethodMessages>
}

/** Computes the names of a program; two IDL names that end in one TypeScript name are reported with both places. */
export function nameProgram(program: IrProgram, report: Report): ProgramNames {
  const modules = nameModules(program.files)
  const tables: NameTables = {
    taken: new Map(),
    names: new Map(),
    inputs: new Map(),
    clients: new Map(),
    handlers: new Map(),
    codecs: new Map(),
    messages: new Map(),
  }
  for (const file of program.files) nameFile(file, tables, report)
  const { names } = tables
  return {
    module: (file) => known(modules, file),
    taken: (file) => known(tables.taken, file),
    declaration: (declaration) => known(names, declaration),
    input: (declaration) => known(tables.inputs, declaration),
    client: (service) => known(tables.clients, service),
    handler: (service) => known(tables.handlers, service),
    codec: (message) => known(tables.codecs, message),
    member: (field) => known(names, field),
    oneof: (oneof) => known(names, oneof),
    enumMember: (value) => known(names, value),
    method: (method) => known(names, method),
    methodMessages: (method) => known(tables.messages, method),
  }
}

/** Names of one module: first what the IDL declares and may keep its name, then what must give way, then what is derived. */
function nameFile(file: IrFile, tables: NameTables, report: Report): void {
  const { names } = tables
  const scope = new Map<string, Named | undefined>()
  const claim = (wanted: string): string => {
    let name = wanted
    while (scope.has(name) || isReservedDeclaration(name)) name += '_'
    scope.set(name, undefined)
    return name
  }
  const declarations = file.declarations.filter((one) => one.kind !== 'extension')
  for (const one of declarations) {
    const name = declarationName(one)
    if (isReservedDeclaration(name)) continue
    const other = scope.get(name)
    if (other !== undefined) reportClash(report, name, one, other)
    scope.set(name, one)
    names.set(one, name)
  }
  for (const one of declarations) {
    if (!names.has(one)) names.set(one, claim(declarationName(one)))
  }
  for (const one of declarations) {
    const name = known(names, one)
    if (one.kind === 'message') nameMessage(file, one, name, claim, tables, report)
    else if (one.kind === 'typedef') tables.inputs.set(one, claim(`${name}Input`))
    else if (one.kind === 'enum') nameValues(one, names)
    else if (one.kind === 'service') nameService(file, one, name, claim, tables, report)
  }
  tables.taken.set(file, new Set(scope.keys()))
}

type Claim = (wanted: string) => string

function nameMessage(
  file: IrFile,
  message: IrMessage,
  name: string,
  claim: Claim,
  tables: NameTables,
  report: Report,
): void {
  tables.inputs.set(message, claim(`${name}Input`))
  tables.codecs.set(message, {
    complete: claim(`complete${name}`),
    encode: claim(`encode${name}`),
    decode: claim(`decode${name}`),
  })
  nameMembers(file, message, tables.names, report)
}

function nameService(
  file: IrFile,
  service: IrService,
  name: string,
  claim: Claim,
  tables: NameTables,
  report: Report,
): void {
  tables.clients.set(service, claim(`${name}Client`))
  tables.handlers.set(service, claim(`${name}Handler`))
  nameMethods(file, service, tables.names, report)
  if (file.idl !== 'thrift') return
  for (const method of service.methods) {
    const made = methodMessages(service, method)
    tables.messages.set(method, made)
    for (const [message, suffix] of [
      [made.args, 'args'],
      [made.result, 'result'],
    ] as const) {
      const local = claim(`${name}_${identifier(method.name)}_${suffix}`)
      tables.names.set(message, local)
      nameMessage(file, message, local, claim, tables, report)
    }
  }
}

/** Enum members stay as written; one name would set the prototype of the object instead. */
function nameValues(type: IrEnum, names: Map<object, string>): void {
  for (const value of type.values) names.set(value, value.name === '__proto__' ? '__proto___' : value.name)
}

function declarationName(one: NamedDeclaration): string {
  return identifier(one.name.replaceAll('.', '_'))
}

/** `in_service_since` as `inServiceSince`: underscores go, the letter after one is upper-case (protobuf's JSON rule). */
export function camelCase(name: string): string {
  const joined = name.replace(/_+([a-zA-Z0-9])/g, (_, next: string) => next.toUpperCase()).replace(/_+$/, '')
  const first = name.startsWith('_') ? joined.charAt(0).toLowerCase() + joined.slice(1) : joined
  return /^[0-9]|^$/.test(first) ? name : first
}

/** The name of a parameter: the IDL's, with `_` where it is a keyword or one of `taken`. */
export function parameterName(name: string, taken: ReadonlySet<string> = new Set()): string {
  let result = identifier(name)
  while (keywords.has(result) || taken.has(result)) result += '_'
  return result
}

function nameModules(files: readonly IrFile[]): Map<IrFile, string> {
  const modules = new Map<IrFile, string>()
  const used = new Set<string>()
  const inOrder = [...files].sort((a, b) => Number(a.idl === 'protobuf') - Number(b.idl === 'protobuf'))
  for (const file of inOrder) {
    const stem = file.source.logicalPath
      .replace(/\.(thrift|proto)$/, '')
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .map((part) => (part === '..' ? '__' : part))
      .join('/')
    let path = stem
    if (used.has(path) && file.idl === 'protobuf') path += '_proto'
    while (used.has(path)) path += '_'
    used.add(path)
    modules.set(file, path)
  }
  return modules
}

function nameMembers(file: IrFile, message: IrMessage, names: Map<object, string>, report: Report): void {
  const local = (name: string): string => (file.idl === 'protobuf' ? camelCase(name) : identifier(name))
  if (message.shape === 'union') {
    for (const field of message.fields) names.set(field, local(field.name))
    return
  }
  const reserved = (name: string, field?: IrField): boolean => {
    if (isReservedMember(name)) return true
    if (message.shape !== 'exception' || !errorMembers.has(name)) return false
    return !(name === 'message' && field !== undefined && isString(field.type))
  }
  const scope = new Map<string, Named>()
  const claim = (one: IrField | IrOneof, isReserved: boolean): void => {
    let name = local(one.name)
    if (isReserved)
      while (reserved(name) || message.fields.some((field) => field !== one && local(field.name) === name)) name += '_'
    const other = scope.get(name)
    if (other !== undefined) reportClash(report, name, one, other)
    scope.set(name, one)
    names.set(one, name)
  }
  for (const field of message.fields) {
    if (field.oneof !== undefined) names.set(field, local(field.name))
    else claim(field, reserved(local(field.name), field))
  }
  for (const oneof of message.oneofs) claim(oneof, reserved(local(oneof.name)))
}

function nameMethods(file: IrFile, service: IrService, names: Map<object, string>, report: Report): void {
  const scope = new Map<string, Named>()
  for (const method of service.methods) {
    let name = identifier(method.name)
    if (file.idl === 'protobuf') {
      name = camelCase(name)
      name = name.charAt(0).toLowerCase() + name.slice(1)
    }
    while (isReservedMethod(name)) name += '_'
    const other = scope.get(name)
    if (other !== undefined) reportClash(report, name, method, other)
    scope.set(name, method)
    names.set(method, name)
  }
}

/** Something with a name and the place where it stands. */
interface Named {
  readonly name: string
  readonly span: Span
}

function reportClash(report: Report, name: string, one: Named, other: Named): void {
  report({
    code: 'generated-name-clash',
    message: `'${other.name}' and '${one.name}' both become '${name}' in TypeScript`,
    span: one.span,
    related: [{ message: 'the other is here', span: other.span }],
    hint: 'rename one of them',
  })
}

/** What may stand as an identifier. */
function identifier(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_]/g, '_')
  return /^[0-9]/.test(clean) ? `_${clean}` : clean
}

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const found = map.get(key)
  if (found === undefined)
    throw new Error(`no name for ${JSON.stringify((key as { name?: string }).name ?? typeof key)}`)
  return found
}
