/** The one table of what generated code may import from the runtime, with the source file of each name. */

/** Where a name is declared (relative to `src/`), and whether it is only a type. */
export interface RuntimeName {
  readonly source: string
  readonly typeOnly: boolean
  /** The name inside its source file, where that differs. */
  readonly exportName?: string
}

const value = (source: string): RuntimeName => ({ source, typeOnly: false })
const type = (source: string): RuntimeName => ({ source, typeOnly: true })

const core = 'runtime/core'
const thrift = 'runtime/thrift/protocol'
const protobuf = 'runtime/protobuf'

const names = {
  CallOptions: type(`${core}/call-options.ts`),
  Context: type(`${core}/context.ts`),
  DeclaredException: value(`${core}/error.ts`),
  FileSchema: type(`${core}/schema.ts`),
  MessageSchema: type(`${core}/schema.ts`),
  UnknownFields: type(`${core}/unknown-fields.ts`),
  ServiceType: type(`${core}/service-type.ts`),
  completeList: value(`${core}/complete.ts`),
  completeMap: value(`${core}/complete.ts`),
  completePairs: value(`${core}/complete.ts`),
  completeRecord: value(`${core}/complete.ts`),
  missing: value(`${core}/complete.ts`),
  unknownCase: value(`${core}/complete.ts`),
  fileSchema: value(`${core}/file-schema.ts`),
  messageSchema: value(`${core}/file-schema.ts`),
  serviceType: value(`${core}/service-type.ts`),
  ThriftReader: type(`${thrift}/protocol.ts`),
  ThriftStruct: type(`${thrift}/protocol.ts`),
  ThriftWriter: type(`${thrift}/protocol.ts`),
  thriftStruct: value(`${thrift}/struct.ts`),
  missingField: value(`${thrift}/struct.ts`),
  noCase: value(`${thrift}/struct.ts`),
  doubleCase: value(`${thrift}/struct.ts`),
  keepUnknownField: value(`${thrift}/unknown-fields.ts`),
  writeUnknownFields: value(`${thrift}/unknown-fields.ts`),
  ProtobufMessage: type(`${protobuf}/message.ts`),
  ProtobufReader: type(`${protobuf}/reader.ts`),
  ProtobufWriter: type(`${protobuf}/writer.ts`),
  protobufMessage: value(`${protobuf}/message.ts`),
  missingProtobufField: value(`${protobuf}/message.ts`),
  writeUnknownProtobufFields: value(`${protobuf}/message.ts`),
} as const satisfies Record<string, RuntimeName>

/** A name that generated code may import from `volo-ts/gen`, besides the well-known types. */
export type RuntimeImport = keyof typeof names

/** {@link RuntimeImport} to where it is declared. */
export const runtimeNames: Readonly<Record<RuntimeImport, RuntimeName>> = names

/** Where the package is asked for these names from outside. */
export const publicRuntime = 'volo-ts/gen'

/** The folder, relative to `src/`, that the well-known types are generated into. */
export const wellKnownFolder = `${protobuf}/gen`

/**
 * Files whose messages are generated once into the runtime and imported from it ever after: logical path to the name
 * under which `volo-ts/gen` exports the file's description.
 */
export const wellKnownFiles: Readonly<Record<string, string>> = {
  'google/protobuf/any.proto': 'anyFile',
  'google/protobuf/duration.proto': 'durationFile',
  'google/protobuf/empty.proto': 'emptyFile',
  'google/protobuf/field_mask.proto': 'fieldMaskFile',
  'google/protobuf/struct.proto': 'structFile',
  'google/protobuf/timestamp.proto': 'timestampFile',
  'google/protobuf/wrappers.proto': 'wrappersFile',
}
