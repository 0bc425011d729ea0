/** The names of everything generated: modules, declarations, members, enum members, methods and arguments. */

import type { Report } from '../../diagnostic.ts'
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
import { memberNames, methodNames, valueNames } from './member-names.ts'
import { nameModules } from './module-path.ts'
import { identifier, type Naming, naming } from './naming.ts'
import { type Renames, renames } from './rename.ts'
import { isReservedDeclaration, keywords } from './reserved-words.ts'
import { scopeNames, type Wish } from './scope-names.ts'

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
  readonly renames: Renames
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
export type NamingOptions = Pick<
  GenerateOptions,
  'naming' | 'initialisms' | 'modules' | 'enum' | 'optionalDefaults' | 'rename' | 'places' | 'enumPrefix'
>

/** Computes the names of what is generated; of two IDL names that end in one TypeScript name the later one is changed, and reported with both places. */
export function nameProgram(
  program: IrProgram,
  report: Report,
  options: NamingOptions = {},
  reach: Reach = reachAll(),
): ProgramNames {
  const modules = nameModules(program.files, options.modules ?? 'file')
  const tables: NameTables = {
    naming: naming(options),
    renames: renames(options),
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
  tables.renames.check(report)
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

/** Names of one module: first what the IDL declares, then what is derived. */
function nameModule(
  files: readonly IrFile[],
  options: NamingOptions,
  reach: Reach,
  tables: NameTables,
  report: Report,
): void {
  const { names } = tables
  const declarations = files.flatMap((file) => reach.declarations(file))
  const found = declarationNames(files, new Set(declarations), tables, report)
  const scope = new Set<string>()
  for (const one of declarations) {
    const name = known(found, one)
    scope.add(name)
    names.set(one, name)
  }
  const claim = (wanted: string): string => {
    let name = wanted
    while (scope.has(name) || isReservedDeclaration(name)) name += '_'
    scope.add(name)
    return name
  }
  for (const one of declarations) {
    const name = known(names, one)
    if (one.kind === 'message') nameMessage(one, name, claim, tables, report)
    else if (one.kind === 'typedef') tables.inputs.set(one, claim(`${name}Input`))
    else if (one.kind === 'enum') {
      addAll(names, valueNames(one, options.enumPrefix === 'strip', { ...tables, report }))
      if (options.enum === 'string') tables.numbers.set(one, claim(`${name}Numbers`))
    } else if (one.kind === 'service') nameService(one, name, claim, tables, report)
    else if (one.kind === 'extension') nameExtension(one, name, claim, tables, report)
  }
  for (const file of files) {
    tables.files.set(file, files.length === 1 ? '$file' : claim(`$file_${stemOf(file)}`))
    tables.taken.set(file, scope)
  }
}

/** In the order of the IDL. What is not reached holds its name too: a name shall not change with what else is generated. */
function declarationNames(
  files: readonly IrFile[],
  reached: ReadonlySet<IrDeclaration>,
  { renames }: NameTables,
  report: Report,
): Map<IrDeclaration, string> {
  const all = files.flatMap((file) =>
    [...file.declarations]
      .sort((a, b) => a.span.start - b.span.start)
      .filter((one) => reached.has(one) || one.kind !== 'extension'),
  )
  const wishes = all.map((one): Wish<IrDeclaration> => {
    const wanted = identifier(one.name.replaceAll('.', '_'))
    return {
      one,
      wanted,
      chosen: renames.find([one.fullName, one.name], isReservedDeclaration),
      key: one.fullName,
      isReserved: isReservedDeclaration(wanted),
      isSilent: !reached.has(one),
    }
  })
  return scopeNames(wishes, new Set(), isReservedDeclaration, report)
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
  addAll(tables.names, memberNames(message, { ...tables, report }))
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
      // No code names the members of these structs: nothing is to be said about them, or to be chosen.
      nameMessage(message, local, claim, { ...tables, renames: renames({}) }, () => {})
    }
  }
}

/** The name of a parameter: the IDL's, with `_` where it is a keyword or one of `taken`. */
export function parameterName(name: string, taken: ReadonlySet<string> = new Set()): string {
  let result = identifier(name)
  while (keywords.has(result) || taken.has(result)) result += '_'
  return result
}

function nameMethods(service: IrService, tables: NameTables, report: Report): void {
  const { names } = tables
  const inherited = new Set<string>()
  const seen = new Set<IrService>([service])
  for (let one = parentOf(service); one !== undefined && !seen.has(one); one = parentOf(one)) {
    seen.add(one)
    if (one.methods.some((method) => !names.has(method))) nameMethods(one, tables, report)
    for (const method of one.methods) inherited.add(known(names, method))
  }
  // A service that another one extends may have its names already.
  if (service.methods.every((method) => names.has(method))) return
  addAll(names, methodNames(service, inherited, { ...tables, report }))
}

function addAll(names: Map<object, string>, more: ReadonlyMap<object, string>): void {
  for (const [one, name] of more) names.set(one, name)
}

function parentOf(service: IrService): IrService | undefined {
  return service.extends?.target?.kind === 'service' ? service.extends.target : undefined
}

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const found = map.get(key)
  if (found === undefined)
    throw new Error(`no name for ${JSON.stringify((key as { name?: string }).name ?? typeof key)}`)
  return found
}
