/** The services of a program with the TypeScript names that handlers, servers and clients use. */

import { type ProgramNames, parameterName } from '../../compiler/gen/name/names.ts'
import type { IrField, IrFile, IrMethod, IrProgram, IrService, IrType } from '../../compiler/ir/ir.ts'
import type { Reach } from '../../compiler/ir/reach.ts'

/** One method, own or inherited. */
export interface MethodModel {
  /** The property on clients and handlers. */
  readonly name: string
  readonly kind: IrMethod['kind']
  /** Thrift's arguments; for protobuf the one request. */
  readonly args: readonly ArgModel[]
  /** What one answer is; undefined for void and oneway. */
  readonly result: IrType | undefined
}

/** One argument. */
interface ArgModel {
  /** The parameter. */
  readonly name: string
  readonly type: IrType
  /** Thrift: the declared field. */
  readonly field: IrField | undefined
}

/** One service. */
export interface ServiceModel {
  /** As in the IDL. */
  readonly name: string
  /** `fleet.v1.Fleet`; for Thrift the name. */
  readonly fullName: string
  readonly idl: 'thrift' | 'protobuf'
  readonly ir: IrService
  /** Path of the generated module below the output folder, without extension: `fleet/v1/fleet`. */
  readonly module: string
  /** The exported ServiceType: `Fleet`. */
  readonly constant: string
  /** The exported interface of handlers: `FleetHandler`. */
  readonly handlerType: string
  /** The handler object in a scaffold: `fleetHandler`. */
  readonly handlerName: string
  /** A client in a scaffold: `fleet`. */
  readonly clientName: string
  /** File of the handler without extension: `fleet`. */
  readonly fileStem: string
  readonly methods: readonly MethodModel[]
}

/** A program with its names. */
export interface NamedProgram {
  readonly program: IrProgram
  readonly names: ProgramNames
  /** What of it is generated. Default: everything. */
  readonly reach?: Reach | undefined
  /** What holds maps with string keys. Default `record`. */
  readonly map?: 'record' | 'map' | undefined
}

/** The services that `files` declare, in order; names of handlers, clients and files are told apart across all of them. */
export function serviceModels(
  programs: readonly { readonly named: NamedProgram; readonly files: readonly IrFile[] }[],
): ServiceModel[] {
  const stems = new Set<string>()
  const variables = new Set<string>()
  const models: ServiceModel[] = []
  for (const { named, files } of programs) {
    for (const file of files) {
      for (const one of named.reach?.declarations(file) ?? file.declarations) {
        if (one.kind === 'service') models.push(serviceModel(named.names, file, one, stems, variables))
      }
    }
  }
  return models
}

function serviceModel(
  names: ProgramNames,
  file: IrFile,
  ir: IrService,
  stems: Set<string>,
  variables: Set<string>,
): ServiceModel {
  const fullName = file.idl === 'protobuf' ? ir.fullName : ir.name
  const long = file.idl === 'protobuf' ? ir.fullName : `${names.module(file)}.${ir.name}`
  const fileStem = unused(stems, [kebabCase(ir.name), kebabCase(long)])
  const clientName = unused(variables, [variableName(ir.name), variableName(long)], isTakenVariable)
  return {
    name: ir.name,
    fullName,
    idl: file.idl,
    ir,
    module: names.module(file),
    constant: names.declaration(ir),
    handlerType: names.handler(ir),
    handlerName: `${clientName.replace(/_$/, '')}Handler`,
    clientName,
    fileStem,
    methods: allMethods(ir).map((method) => methodModel(names, method)),
  }
}

/** Inherited methods first, as the generated interface has them. */
function allMethods(service: IrService): readonly IrMethod[] {
  const chain: IrService[] = []
  for (let at: IrService | undefined = service; at !== undefined && !chain.includes(at); ) {
    chain.unshift(at)
    const target: unknown = at.extends?.target
    at = (target as IrService | undefined)?.kind === 'service' ? (target as IrService) : undefined
  }
  const methods = new Map<string, IrMethod>()
  for (const one of chain) for (const method of one.methods) methods.set(method.name, method)
  return [...methods.values()]
}

function methodModel(names: ProgramNames, method: IrMethod): MethodModel {
  const streams = method.kind === 'client_streaming' || method.kind === 'bidi_streaming'
  const args: readonly ArgModel[] =
    method.request === undefined
      ? method.args.map((field) => ({
          name: parameterName(names.parameter('thrift', field.name), new Set(['cx'])),
          type: field.type,
          field,
        }))
      : [{ name: streams ? 'requests' : 'request', type: method.request, field: undefined }]
  return { name: names.method(method), kind: method.kind, args, result: method.result }
}

function unused(
  taken: Set<string>,
  candidates: readonly string[],
  isTaken: (name: string) => boolean = () => false,
): string {
  const free = (name: string): boolean => !taken.has(name) && !isTaken(name)
  let name = candidates.find(free) ?? candidates.at(-1)!
  while (!free(name)) name += '_'
  taken.add(name)
  return name
}

/** Names that the scaffolded files use themselves. */
const ownNames = new Set([
  'address',
  'createClient',
  'server',
  'show',
  'showEach',
  'test',
  'assert',
  'transport',
  'thriftTransport',
  'grpcTransport',
  'thrift',
  'grpc',
  'error',
  'inspect',
  'port',
  'accessLog',
  'process',
  'console',
  'mock',
  'stop',
])

function isTakenVariable(name: string): boolean {
  return ownNames.has(name) || parameterName(name) !== name
}

/** `FleetAdmin`, `fleet.v1.FleetAdmin` as `fleet-admin`, `fleet-v1-fleet-admin`. */
function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase()
}

/** `FleetAdmin` as `fleetAdmin`. */
function variableName(name: string): string {
  const camel = kebabCase(name).replace(/-([a-z0-9])/g, (_, next: string) => next.toUpperCase())
  return /^[0-9]|^$/.test(camel) ? `service${camel}` : camel
}
