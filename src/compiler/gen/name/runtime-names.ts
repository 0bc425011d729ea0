/** The one table of what generated code may import from the runtime, with the source file of each name. */

/** Where a name is declared (relative to `src/`), and whether it is only a type. */
export interface RuntimeName {
  readonly source: string
  readonly typeOnly: boolean
}

/** The names by the file that declares them. */
const files = {
  'runtime/core/client/call-options.ts': ['type CallOptions'],
  'runtime/core/message/complete.ts': [
    'completeList',
    'completeMap',
    'completePairs',
    'completeRecord',
    'keptCase',
    'missing',
    'unknownCase',
  ],
  'runtime/core/message/defaults.ts': ['defaultsOf'],
  'runtime/core/context/context.ts': ['type Context'],
  'runtime/core/message/enum-name.ts': ['enumNumbers', 'type EnumNumbers'],
  'runtime/core/error.ts': ['DeclaredException'],
  'runtime/core/message/file-schema.ts': ['fileSchema', 'messageSchema'],
  'runtime/core/message/schema.ts': ['type FileSchema', 'type MessageSchema'],
  'runtime/core/service-type.ts': ['methodType', 'serviceType', 'type ServiceType'],
  'runtime/core/message/unknown-fields.ts': ['type UnknownFields'],
  'runtime/thrift/protocol/protocol.ts': ['type ThriftReader', 'type ThriftStruct', 'type ThriftWriter'],
  'runtime/thrift/protocol/struct.ts': [
    'defaultedStruct',
    'type DefaultedStruct',
    'doubleCase',
    'missingField',
    'thriftStruct',
  ],
  'runtime/thrift/protocol/union.ts': ['thriftUnion', 'type ThriftUnion'],
  'runtime/thrift/protocol/unknown-fields.ts': [
    'keepUnknownField',
    'unknownArm',
    'writeUnknownCase',
    'writeUnknownFields',
  ],
  'runtime/protobuf/extension.ts': ['extension', 'type Extension'],
  'runtime/protobuf/message.ts': [
    'defaultedMessage',
    'type DefaultedMessage',
    'missingProtobufField',
    'protobufMessage',
    'type ProtobufMessage',
    'writeUnknownProtobufFields',
  ],
  'runtime/protobuf/reader.ts': ['type ProtobufReader'],
  'runtime/protobuf/writer.ts': ['type ProtobufWriter'],
} as const

type Specifier = (typeof files)[keyof typeof files][number]

/** A name that generated code may import from `volo-ts/gen`, besides the well-known types. */
export type RuntimeImport = Specifier extends infer S ? (S extends `type ${infer Name}` ? Name : S) : never

/** {@link RuntimeImport} to where it is declared. */
export const runtimeNames: Readonly<Record<RuntimeImport, RuntimeName>> = Object.fromEntries(
  Object.entries(files).flatMap(([source, specifiers]) =>
    specifiers.map((one): [string, RuntimeName] => [
      one.replace('type ', ''),
      { source, typeOnly: one.startsWith('type ') },
    ]),
  ),
) as Record<RuntimeImport, RuntimeName>

/** Where the package is asked for these names from outside. */
export const publicRuntime = 'volo-ts/gen'

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
  'google/rpc/code.proto': 'codeFile',
  'google/rpc/error_details.proto': 'errorDetailsFile',
  'google/rpc/status.proto': 'statusFile',
}
