/** The names of everything generated: modules, declarations, members, enum members, methods and arguments. */

import type { Report, Span } from '../../diagnostic.ts'
import type { GenerateOptions } from '../../generate-options.ts'
import type {
  IrConst,
  IrDeclaration,
  IrEnum,
  IrEnumValue,
  IrExtension,
  IrField,
  IrFile,
  IrMessage,
  IrMethod,
  IrOneof,
  IrProgram,
  IrService,
  IrTypedef,
} from '../../ir/ir.ts'
import { type Reach, reachAll } from '../../ir/reach.ts'
import { extensionMessage } from '../extension-message.ts'
import { type MethodMessages, methodMessages } from '../method-message.ts'
import { isString } from '../type-shape.ts'
import { nameModules } from './module-path.ts'
import { identifier, type Naming, naming } from './naming.ts'
import { errorMembers, isReservedDeclaration, isReservedMember, isReservedMethod, keywords } from './reserved-words.ts'

/** The names of one message's printed functions. */
export interface CodecNames {
  /** The type of the defaults that the IDL writes, and the function that gives them; empty where there are none. */
  readonly defaultsType: string
  readonly defaults: string
  readonly complete: string
  readonly encode: string
  readonly decode: string
}

/** A declaration that gets a name in its module. */
export type NamedDeclaration = IrMessage | IrEnum | IrTypedef | IrConst | IrService | IrExtension

/** Every name of a program, computed before anything is printed. */
export interface ProgramNames {
  /** Path of the file's module below the output folder, without extension: `shop/v1/shop`. */
  module(file: IrFile): string
  /** The constant with the file's description: `$file`, or `$file_<stem>` where several files share a module. */
  file(file: IrFile): string
  /** Every top-level name of the file's module, exported or not. */
  taken(file: IrFile): ReadonlySet<string>
  /** The name of a declaration: interface and constant, class, enum object, alias, or service constant. */
  declaration(declaration: NamedDeclaration): string
  /** The name of the input type of a message, or of a typedef whose input differs. */
  input(declaration: IrMessage | IrTypedef): string
  client(service: IrService): string
  handler(service: IrService): string
  codec(message: IrMessage): CodecNames
  /** Thrift: optional fields that have a default are filled in. */
  readonly fillsOptional: boolean
  /** The property of a field; for a field of a union or oneof the `case` it is told by. */
  member(field: IrField): string
  oneof(oneof: IrOneof): string
  enumMember(value: IrEnumValue): string
  /** With enums by name: the constant that knows their numbers. */
  enumNumbers(type: IrEnum): string
  /** The message that declares a field; undefined for the fields of methods. */
  owner(field: IrField): IrMessage | undefined
  method(method: IrMethod): string
  /** The name of a method's parameter, unless a keyword or another parameter has it. */
  parameter(idl: 'thrift' | 'protobuf', name: string): string
  /** The message through which an extension's codec is printed. */
  extensionMessage(extension: IrExtension): IrMessage
  /** Thrift: the messages that carry a method's arguments and result. */
  methodMessages(method: IrMethod): MethodMessages
}

/** The names found so far, by what they name. */
interface NameTables {
  readonly naming: Naming
  readonly taken: Map<IrFile, ReadonlySet<string>>
  readonly files: Map<IrFile, string>
  readonly numbers: Map<IrEnum, string>
  readonly owners: Map<IrField, IrMessage>
  readonly names: Map<object, string>
  readonly inputs: Map<IrMessage | IrTypedef, string>
  readonly clients: Map<IrService, string>
  readonly handlers: Map<IrService, string>
  readonly codecs: Map<IrMessage, CodecNames>
  readonly messages: Map<IrMethod, MethodMessages>
  readonly extensions: Map<IrExtension, IrMessage>
}

/** What decides names. */
export type NamingOptions = Pick<GenerateOptions, 'naming' | 'initialisms' | 'modules' | 'enum' | 'optionalDefaults'>

/** Computes the names of what is generated; two IDL names that end in one TypeScript name are reported with both places. */
export function nameProgram(
  program: IrProgram,
  report: Report,
  options: NamingOptions = {},
  reach: Reach = reachAll(),
): ProgramNames {
  const modules = nameModules(program.files, options.modules ?? 'file')
  const tables: NameTables = {
    naming: naming(options),
    taken: new Map(),
    files: new Map(),
    numbers: new Map(),
    owners: new Map(),
    names: new Map(),
    inputs: new Map(),
    clients: new Map(),
    handlers: new Map(),
    codecs: new Map(),
    messages: new Map(),
    extensions: new Map(),
  }
  const byModule = new Map<string, IrFile[]>()
  for (const file of program.files) {
    const path = known(modules, file)
    byModule.set(path, [...(byModule.get(path) ?? []), file])
  }
  for (const files of byModule.values()) nameModule(files, options, reach, tables, report)
  const { names } = tables
  return {
    fillsOptional: options.optionalDefaults !== 'keep',
    module: (file) => known(modules, file),
    file: (file) => known(tables.files, file),
    taken: (file) => known(tables.taken, file),
    declaration: (declaration) => known(names, declaration),
    input: (declaration) => known(tables.inputs, declaration),
    client: (service) => known(tables.clients, service),
    handler: (service) => known(tables.handlers, service),
    codec: (message) => known(tables.codecs, message),
    member: (field) => known(names, field),
    oneof: (oneof) => known(names, oneof),
    enumMember: (value) => known(names, value),
    enumNumbers: (type) => known(tables.numbers, type),
    owner: (field) => tables.owners.get(field),
    method: (method) => known(names, method),
    parameter: tables.naming.parameter,
    extensionMessage: (extension) => known(tables.extensions, extension),
    methodMessages: (method) => known(tables.messages, method),
  }
}

/** Names of one module: first what the IDL declares and may keep its name, then what must give way, then what is derived. */
function nameModule(
  files: readonly IrFile[],
  options: NamingOptions,
  reach: Reach,
  tables: NameTables,
  report: Report,
): void {
  const { names } = tables
  const scope = new Map<string, Named | undefined>()
  const claim = (wanted: string): string => {
    let name = wanted
    while (scope.has(name) || isReservedDeclaration(name)) name += '_'
    scope.set(name, undefined)
    return name
  }
  const declarations = files.flatMap((file) => reach.declarations(file))
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
    if (one.kind === 'message') nameMessage(one, name, claim, tables, report)
    else if (one.kind === 'typedef') tables.inputs.set(one, claim(`${name}Input`))
    else if (one.kind === 'enum') {
      nameValues(one, names)
      if (options.enum === 'string') tables.numbers.set(one, claim(`${name}Numbers`))
    } else if (one.kind === 'service') nameService(one, name, claim, tables, report)
    else if (one.kind === 'extension') nameExtension(one, name, claim, tables, report)
  }
  for (const file of files) {
    tables.files.set(file, files.length === 1 ? '$file' : claim(`$file_${stemOf(file)}`))
    tables.taken.set(file, new Set(scope.keys()))
  }
}

function stemOf(file: IrFile): string {
  return identifier((file.source.logicalPath.split('/').at(-1) ?? '').replace(/\.[^.]*$/, ''))
}

type Claim = (wanted: string) => string

function nameMessage(message: IrMessage, name: string, claim: Claim, tables: NameTables, report: Report): void {
  tables.inputs.set(message, claim(`${name}Input`))
  const hasDefaults = message.fields.some((field) => field.default !== undefined)
  tables.codecs.set(message, {
    complete: claim(`complete${name}`),
    encode: claim(`encode${name}`),
    decode: claim(`decode${name}`),
    defaultsType: hasDefaults ? claim(`${name}Defaults`) : '',
    defaults: hasDefaults ? claim(`defaults${name}`) : '',
  })
  for (const field of message.fields) tables.owners.set(field, message)
  nameMembers(message, tables, report)
}

function nameExtension(extension: IrExtension, name: string, claim: Claim, tables: NameTables, report: Report): void {
  const holder = extensionMessage(extension)
  const local = claim(`${name}_field`)
  tables.extensions.set(extension, holder)
  tables.names.set(holder, local)
  tables.names.set(extension.field, name)
  nameMessage(holder, local, claim, tables, report)
}

function nameService(service: IrService, name: string, claim: Claim, tables: NameTables, report: Report): void {
  tables.clients.set(service, claim(`${name}Client`))
  tables.handlers.set(service, claim(`${name}Handler`))
  nameMethods(service, tables, report)
  if (service.file.idl !== 'thrift') return
  for (const method of service.methods) {
    const made = methodMessages(service, method)
    tables.messages.set(method, made)
    for (const [message, suffix] of [
      [made.args, 'args'],
      [made.result, 'result'],
    ] as const) {
      const local = claim(`${name}_${identifier(method.name)}_${suffix}`)
      tables.names.set(message, local)
      nameMessage(message, local, claim, tables, report)
    }
  }
}

/** Enum members stay as written; one name would set the prototype of the object instead. */
function nameValues(type: IrEnum, names: Map<object, string>): void {
  for (const value of type.values) names.set(value, value.name === '__proto__' ? '__proto___' : value.name)
}

function declarationName(one: IrDeclaration): string {
  return identifier(one.name.replaceAll('.', '_'))
}

/** The name of a parameter: the IDL's, with `_` where it is a keyword or one of `taken`. */
export function parameterName(name: string, taken: ReadonlySet<string> = new Set()): string {
  let result = identifier(name)
  while (keywords.has(result) || taken.has(result)) result += '_'
  return result
}

function nameMembers(message: IrMessage, { names, naming }: NameTables, report: Report): void {
  const local = (name: string): string => naming.member(message.file.idl, name)
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

function nameMethods(service: IrService, { names, naming }: NameTables, report: Report): void {
  const scope = new Map<string, Named>()
  for (const method of service.methods) {
    let name = naming.method(service.file.idl, method.name)
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

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const found = map.get(key)
  if (found === undefined)
    throw new Error(`no name for ${JSON.stringify((key as { name?: string }).name ?? typeof key)}`)
  return found
}
