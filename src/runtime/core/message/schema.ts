/** The run-time description of an IDL file: what JSON mapping, reflection and generic calls read; decoded lazily. */

/** The version of the contract between generated code and the runtime. Both sides carry it; they must be equal. */
export const formatNumber = 2

/** The scalar types of both IDLs. Thrift's `byte` is `i8`, its `double` `f64`; protobuf's sint family is `s32`, `s64`. */
export type ScalarName =
  | 'bool'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'u32'
  | 'u64'
  | 's32'
  | 's64'
  | 'f32'
  | 'f64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'string'
  | 'bytes'
  | 'uuid'

/** Whether a scalar is one of the 64-bit integers, which have three TypeScript forms. */
export function isInt64(scalar: ScalarName): boolean {
  return scalar === 'i64' || scalar === 'u64' || scalar === 's64' || scalar === 'fixed64' || scalar === 'sfixed64'
}

/** The type of a field, element, key or value. `name` is a full name: `pkg.Outer.Inner` or `file-stem.Name` for Thrift. */
export type TypeSchema =
  | { readonly kind: 'scalar'; readonly scalar: ScalarName }
  | { readonly kind: 'enum'; readonly name: string }
  | { readonly kind: 'message'; readonly name: string }
  | { readonly kind: 'list' | 'set'; readonly element: TypeSchema }
  | { readonly kind: 'map'; readonly key: TypeSchema; readonly value: TypeSchema }

/**
 * protobuf: what only a descriptor shows of a declaration; codecs, JSON and reflection of values need nothing of it.
 * Options are base64 of their message (`google.protobuf.MessageOptions` and its kin).
 */
export interface DescriptorDetails {
  readonly options?: string
  /** Reserved numbers, first and last in turn, both included. */
  readonly reservedRanges?: readonly number[]
  readonly reservedNames?: readonly string[]
  /** Numbers left to extensions: first and last, both included, and the options of their statement. */
  readonly extensionRanges?: readonly (readonly [first: number, last: number, options?: string])[]
  /** The options of the oneofs of a message or the values of an enum, by name in the IDL. */
  readonly partOptions?: Readonly<Record<string, string>>
}

/** How a field may be absent. `default` is Thrift's unmarked field and the implicit presence of proto3. */
export type Presence = 'required' | 'optional' | 'default'

/** One field of a message. */
export interface FieldSchema {
  /** Field number on the wire. */
  readonly id: number
  /** Name in the IDL. */
  readonly name: string
  /** Property name in TypeScript. */
  readonly localName: string
  /** Name in JSON. */
  readonly jsonName: string
  readonly type: TypeSchema
  readonly presence: Presence
  /** protobuf: the TypeScript property of the oneof that holds it. */
  readonly oneof?: string
  /** protobuf: the oneof's name in the IDL, where it differs from its property. */
  readonly oneofName?: string
  /** protobuf: repeated scalars are packed; groups (delimited encoding) are marked. */
  readonly packed?: boolean
  readonly delimited?: boolean
  /** protobuf: text that is not UTF-8 is read with U+FFFD; without it, refused. */
  readonly lossy?: boolean
  /** protobuf: it is marked `optional` where its presence does not say so: a message of proto3, an extension. */
  readonly markedOptional?: boolean
  /** protobuf: base64 of its `google.protobuf.FieldOptions`, where it has some. */
  readonly options?: string
  /** The default, JSON-safe: 64-bit integers as decimal strings, bytes as base64. */
  readonly default?: unknown
  /** Thrift: an optional field that stays absent although it has a default. Without it the default is filled in. */
  readonly keepsAbsent?: boolean
  /** How 64-bit integers appear in TypeScript. Default `bigint`. */
  readonly int64?: 'bigint' | 'number' | 'string'
  /** What holds maps with string keys in TypeScript. Default: an object without prototype. */
  readonly map?: 'map'
  /** Enums appear by name; a number that the enum does not name is itself. Default: by number. */
  readonly enum?: 'string'
  /** Bytes are read as views that share the message's memory. */
  readonly view?: boolean
}

/** A struct, union, exception or protobuf message. */
export interface MessageSchema {
  readonly kind: 'struct' | 'union' | 'exception' | 'message'
  readonly name: string
  readonly fields: readonly FieldSchema[]
  /** Fields that it does not describe are kept under `$unknown`. */
  readonly keepsUnknown?: boolean
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly details?: DescriptorDetails
}

/** An enum; open unless marked: numbers that are not listed are legal. */
export interface EnumSchema {
  readonly kind: 'enum'
  readonly name: string
  /** protobuf: numbers that are not listed belong to the unknown fields. */
  readonly closed?: boolean
  readonly values: readonly { readonly name: string; readonly localName: string; readonly number: number }[]
  readonly details?: DescriptorDetails
}

/** One method of a service. */
export interface MethodSchema {
  readonly name: string
  readonly kind: MethodKind
  readonly request: string
  readonly response: string
  /** The IDL says that a call may be repeated: Thrift's annotation `idempotent`, protobuf's `idempotency_level`. */
  readonly idempotent?: boolean
  readonly annotations?: Readonly<Record<string, unknown>>
  /** protobuf: base64 of its `google.protobuf.MethodOptions`, where it has some. */
  readonly options?: string
}

/** The shape of a call. Thrift has `unary` and `oneway`, protobuf all but `oneway`. */
export type MethodKind = 'unary' | 'oneway' | 'server_streaming' | 'client_streaming' | 'bidi_streaming'

/** A service with its own methods; inherited ones are found through `extends`. */
export interface ServiceSchema {
  readonly name: string
  readonly extends?: string
  readonly methods: readonly MethodSchema[]
  readonly annotations?: Readonly<Record<string, unknown>>
  /** protobuf: base64 of its `google.protobuf.ServiceOptions`, where it has some. */
  readonly options?: string
}

/** protobuf: a field that a file adds to a message of another. */
export interface ExtensionSchema {
  readonly name: string
  /** The full name of the message that it extends. */
  readonly extendee: string
  readonly field: FieldSchema
}

/** All that one IDL file declares. */
export interface FileSchema {
  /** Path of the IDL file relative to its import root. */
  readonly path: string
  readonly idl: 'thrift' | 'protobuf'
  /** protobuf: `proto2`, `proto3` or the edition. */
  readonly syntax: string
  readonly package: string
  readonly imports: readonly FileSchema[]
  /** protobuf: the paths of the imports that are public. */
  readonly publicImports?: readonly string[]
  readonly messages: readonly MessageSchema[]
  readonly enums: readonly EnumSchema[]
  readonly services: readonly ServiceSchema[]
  /** protobuf: the extensions, those of protobuf's own options left out. */
  readonly extensions?: readonly ExtensionSchema[]
  /** protobuf: base64 of its `google.protobuf.FileOptions`, where it has some. */
  readonly options?: string
}
