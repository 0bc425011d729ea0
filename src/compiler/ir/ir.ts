/** The IR: the one compile-time model in which Thrift and protobuf meet. Front ends make it, link and check complete it, gen prints it. */

import type { ScalarName } from '../../runtime/core/message/schema.ts'
import type { SourceFile, Span } from '../diagnostic.ts'

export type { ScalarName }

/** A program: every file that the entry files reach, imported files before those that import them where possible. */
export interface IrProgram {
  readonly files: readonly IrFile[]
  /** The files the user named; the others came by import. */
  readonly entries: readonly IrFile[]
}

/** One IDL file. */
export interface IrFile {
  readonly source: SourceFile
  readonly idl: 'thrift' | 'protobuf'
  /** `thrift`, `proto2`, `proto3`, `2023`, `2024`, `2026`. */
  readonly syntax: string
  /** protobuf package; for Thrift the `namespace *` or empty. */
  readonly package: string
  /** Thrift: scope (language or `*`) to namespace. */
  readonly namespaces: ReadonlyMap<string, string>
  readonly imports: readonly IrImport[]
  /** Every declaration, nested ones after the one that holds them, in source order. */
  readonly declarations: readonly IrDeclaration[]
  /** The comment at the head of the file, if it stands apart from the first declaration. */
  readonly doc: string | undefined
  readonly annotations: readonly IrAnnotation[]
}

/** An include or import. */
export interface IrImport {
  /** As written. */
  readonly path: string
  /** `option`: its declarations serve as options only. */
  readonly kind: 'plain' | 'public' | 'weak' | 'option'
  readonly span: Span
  /** Set by the loader; undefined when the file was not found (which has been said). */
  file: IrFile | undefined
  /** Set by link when something of it is referred to. */
  used: boolean
}

/** What a declaration of any kind has. */
export interface IrDeclarationBase {
  /** Name inside the file with the messages that hold it: `Outer.Inner`. */
  readonly name: string
  /** The program-wide name: `pkg.Outer.Inner` for protobuf, `file-stem.Name` for Thrift. */
  readonly fullName: string
  readonly file: IrFile
  /** Where its name stands. */
  readonly span: Span
  /** Documentation, comment markers and common indentation removed. */
  readonly doc: string | undefined
  readonly annotations: readonly IrAnnotation[]
  /** True, or the reason given. */
  readonly deprecated: boolean | string
}

/** Anything a file declares. */
export type IrDeclaration = IrMessage | IrEnum | IrTypedef | IrConst | IrService | IrExtension

/** A struct, union, exception or protobuf message. */
export interface IrMessage extends IrDeclarationBase {
  readonly kind: 'message'
  readonly shape: 'struct' | 'union' | 'exception' | 'message'
  readonly fields: readonly IrField[]
  /** protobuf oneofs that are not synthetic. */
  readonly oneofs: readonly IrOneof[]
  readonly parent: IrMessage | undefined
  /** protobuf: numbers and names that no field may use. */
  readonly reserved?: IrReserved
  /** protobuf: numbers left to extensions. */
  readonly extensionRanges?: readonly IrExtensionRange[]
  /** protobuf: other files may not refer to it (edition 2024's `local`). */
  readonly local?: boolean
}

/** protobuf: what `reserved` statements say. */
export interface IrReserved {
  readonly ranges: readonly IrRange[]
  readonly names: readonly { readonly name: string; readonly span: Span }[]
}

/** Numbers from `start` to `end`, both included. */
export interface IrRange {
  readonly start: number
  readonly end: number
  readonly span: Span
}

/** protobuf: numbers left to extensions, with the options of their statement (`declaration`, `verification`). */
export interface IrExtensionRange extends IrRange {
  readonly annotations: readonly IrAnnotation[]
}

/** A protobuf oneof; its fields refer to it. */
export interface IrOneof {
  readonly name: string
  readonly span: Span
  readonly doc: string | undefined
  readonly annotations?: readonly IrAnnotation[]
}

/** A field of a message, an argument, or a declared exception of a method. */
export interface IrField {
  readonly id: number
  readonly name: string
  /** Name in JSON: protobuf's json_name or its default; for Thrift the name as written. */
  readonly jsonName: string
  readonly type: IrType
  /**
   * `default`: Thrift's unmarked field; protobuf's implicit presence, repeated and map fields. `optional`: explicit presence, which singular
   * message fields always have: link completes those.
   */
  presence: 'required' | 'optional' | 'default'
  readonly default: IrValue | undefined
  readonly oneof: IrOneof | undefined
  /** protobuf: packed encoding of a repeated scalar or enum; completed by link. */
  packed: boolean
  /** protobuf: group encoding of a message field; completed by link. */
  delimited: boolean
  /** protobuf: it is marked `optional` in the IDL. */
  readonly markedOptional?: boolean
  /** protobuf: false when a string need not be UTF-8 (proto2, or an edition's `utf8_validation = NONE`). Default true. */
  readonly validateUtf8?: boolean
  readonly span: Span
  readonly typeSpan: Span
  readonly doc: string | undefined
  readonly annotations: readonly IrAnnotation[]
  readonly deprecated: boolean | string
}

/** A type where it is used. */
export type IrType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarName }
  | { readonly kind: 'reference'; readonly reference: IrReference }
  | { readonly kind: 'list' | 'set'; readonly element: IrType }
  | { readonly kind: 'map'; readonly key: IrType; readonly value: IrType }

/** The use of a name. Link sets the target; it stays undefined after an error that has been said. */
export interface IrReference {
  /** As written. */
  readonly text: string
  readonly span: Span
  /**
   * protobuf: the full name of the scope it stands in (`pkg.Outer`), searched inside out; a leading dot in `text` means
   * from the root. Thrift: empty; a first segment may name an include by its file stem.
   */
  readonly scope: string
  target: IrDeclaration | undefined
}

/** An enum; open. */
export interface IrEnum extends IrDeclarationBase {
  readonly kind: 'enum'
  readonly values: readonly IrEnumValue[]
  readonly parent: IrMessage | undefined
  /** protobuf: unknown numbers belong to the unknown fields (proto2 and closed editions enums). */
  readonly closed: boolean
  /** protobuf: numbers and names that no value may use. */
  readonly reserved?: IrReserved
  /** protobuf: other files may not refer to it (edition 2024's `local`). */
  readonly local?: boolean
}

/** One named number of an enum. */
export interface IrEnumValue {
  readonly name: string
  readonly number: number
  readonly span: Span
  readonly doc: string | undefined
  readonly annotations: readonly IrAnnotation[]
  readonly deprecated: boolean | string
}

/** A Thrift typedef. */
export interface IrTypedef extends IrDeclarationBase {
  readonly kind: 'typedef'
  readonly type: IrType
}

/** A Thrift constant. */
export interface IrConst extends IrDeclarationBase {
  readonly kind: 'const'
  readonly type: IrType
  readonly value: IrValue
}

/** A protobuf extension field. */
export interface IrExtension extends IrDeclarationBase {
  readonly kind: 'extension'
  readonly extendee: IrReference
  readonly field: IrField
}

/** A constant value as written, with its place. Thrift: an empty map may stand for an empty list or set, an empty list for an empty map or struct. */
export type IrValue = { readonly span: Span } & (
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  /** `bytes`: what Thrift's escapes `\xHH` give, where it is not the UTF-8 of the text. */
  | { readonly kind: 'string'; readonly value: string; readonly bytes?: Uint8Array }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'list'; readonly elements: readonly IrValue[] }
  | { readonly kind: 'map'; readonly entries: readonly { readonly key: IrValue; readonly value: IrValue }[] }
  | IrNameValue
)

/** A value that is a name: a constant, or an enum value (`Color.RED`, protobuf `RED`). Link sets what it means. */
export interface IrNameValue {
  readonly kind: 'name'
  readonly reference: IrReference
  /** Set by link when the name is an enum value; `reference.target` is then the enum. */
  enumValue: IrEnumValue | undefined
}

/** A Thrift annotation or a protobuf option, in order, duplicates kept. */
export interface IrAnnotation {
  /** `api.get`; protobuf: the option name without parentheses; the check of options replaces an extension by its full name: `google.api.http`. */
  name: string
  /** Thrift: text. protobuf: a value tree of JSON-safe data; 64-bit integers beyond 2^53 are decimal strings, enum values names. */
  readonly value: IrAnnotationValue
  readonly span: Span
  /** protobuf: the option as written, for the check of options. */
  readonly option?: IrOption
  /** protobuf: the option as it stands in an encoded options message; set by the check of options. */
  bytes?: () => Uint8Array
}

/** A protobuf option as written. */
export interface IrOption {
  readonly path: readonly { readonly text: string; readonly extension: boolean; readonly span: Span }[]
  /** Aggregates are maps; their keys are strings for fields and names for extensions. */
  readonly value: IrValue
  /** The full name of the scope in which extension names are searched. */
  readonly scope: string
}

/** JSON-safe data. */
export type IrAnnotationValue =
  | string
  | number
  | boolean
  | null
  | readonly IrAnnotationValue[]
  | { readonly [key: string]: IrAnnotationValue }

/** A service. */
export interface IrService extends IrDeclarationBase {
  readonly kind: 'service'
  /** Thrift: the service it extends. */
  readonly extends: IrReference | undefined
  readonly methods: readonly IrMethod[]
}

/** One method of a service. */
export interface IrMethod {
  readonly name: string
  readonly kind: 'unary' | 'oneway' | 'server_streaming' | 'client_streaming' | 'bidi_streaming'
  /** Thrift: the arguments. protobuf: empty. */
  readonly args: readonly IrField[]
  /** Thrift: the result, undefined for void. protobuf: the output message, a reference. */
  readonly result: IrType | undefined
  /** protobuf: the input message. Thrift: undefined. */
  readonly request: IrType | undefined
  /** Thrift: declared exceptions. */
  readonly throws: readonly IrField[]
  readonly idempotent: boolean
  readonly span: Span
  readonly doc: string | undefined
  readonly annotations: readonly IrAnnotation[]
  readonly deprecated: boolean | string
}
