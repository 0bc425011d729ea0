/** The syntax tree of a .proto file: what was written, in order, with places. */

import type { SourceFile, Span } from '../../diagnostic.ts'
import type { IrValue } from '../../ir/ir.ts'
import type { TokenList } from '../../text/scanner.ts'

/** The language levels, oldest first. A file that says nothing is proto2. */
export type ProtoSyntax = 'proto2' | 'proto3' | '2023' | '2024' | '2026'

/** A stretch of tokens: comments are found from it when they are asked for. */
export interface ProtoNode {
  /** Index of the first token. */
  readonly first: number
  /** Index of the token after which a trailing comment may stand: the `;`, or the `{` that opens the body. */
  readonly tail: number
}

/** One file. */
export interface ProtoDocument {
  readonly source: SourceFile
  readonly tokens: TokenList
  readonly syntax: ProtoSyntax
  /** The `syntax` or `edition` statement; undefined when there is none. */
  readonly syntaxStatement: ProtoNode | undefined
  readonly package: ProtoPackage | undefined
  readonly imports: readonly ProtoImport[]
  readonly options: readonly ProtoOption[]
  readonly declarations: readonly ProtoDeclaration[]
}

/** What may stand at the top of a file besides its head. */
export type ProtoDeclaration = ProtoMessage | ProtoEnum | ProtoService | ProtoExtend

/** An identifier or a dotted name, blanks removed. */
export interface ProtoName {
  readonly text: string
  readonly span: Span
}

/** `package a.b;` */
export interface ProtoPackage extends ProtoNode {
  readonly name: ProtoName
}

/** `import [public|weak|option] "path";` */
export interface ProtoImport extends ProtoNode {
  readonly kind: 'plain' | 'public' | 'weak' | 'option'
  readonly path: string
  readonly span: Span
}

/** `name = value`, as a statement or between brackets. */
export interface ProtoOption extends ProtoNode {
  readonly kind: 'option'
  readonly path: readonly ProtoOptionSegment[]
  readonly value: IrValue
  readonly span: Span
}

/** One step of an option's name: `features`, or `(google.api.http)`. */
export interface ProtoOptionSegment extends ProtoName {
  readonly extension: boolean
}

/** `message Name { … }`, or the body of a group. */
export interface ProtoMessage extends ProtoNode {
  readonly kind: 'message'
  readonly name: ProtoName
  readonly visibility: ProtoVisibility
  readonly members: readonly ProtoMember[]
}

/** edition 2024's `export` and `local`. */
export type ProtoVisibility = 'export' | 'local' | undefined

/** What a message may hold. */
export type ProtoMember =
  | ProtoField
  | ProtoOneof
  | ProtoMessage
  | ProtoEnum
  | ProtoExtend
  | ProtoOption
  | ProtoReserved
  | ProtoExtensions

/** A field, map field or group. */
export interface ProtoField extends ProtoNode {
  readonly kind: 'field'
  readonly label: 'optional' | 'required' | 'repeated' | undefined
  /** Place of the label, or of the type where there is none. */
  readonly labelSpan: Span
  /** The type as written; for a map the type of its values; for a group its name. */
  readonly type: ProtoName
  /** The key type of a map field. */
  readonly mapKey: ProtoName | undefined
  /** From the first to the last token of the type. */
  readonly typeSpan: Span
  readonly name: ProtoName
  readonly number: number
  readonly numberSpan: Span
  readonly options: readonly ProtoOption[]
  /** The message that a group declares beside its field. */
  readonly group: ProtoMessage | undefined
}

/** `oneof name { … }` */
export interface ProtoOneof extends ProtoNode {
  readonly kind: 'oneof'
  readonly name: ProtoName
  readonly options: readonly ProtoOption[]
  readonly fields: readonly ProtoField[]
  /** False when a statement in it could not be read. */
  readonly whole: boolean
}

/** `reserved 2, 9 to 11, "foo", bar;` */
export interface ProtoReserved extends ProtoNode {
  readonly kind: 'reserved'
  readonly ranges: readonly ProtoRange[]
  readonly names: readonly ProtoName[]
}

/** `extensions 4, 20 to 30 [options];` */
export interface ProtoExtensions extends ProtoNode {
  readonly kind: 'extensions'
  readonly ranges: readonly ProtoRange[]
  readonly options: readonly ProtoOption[]
}

/** Both ends inclusive; `max` is Infinity. */
export interface ProtoRange {
  readonly start: number
  readonly end: number
  readonly span: Span
}

/** `extend Name { … }` */
export interface ProtoExtend extends ProtoNode {
  readonly kind: 'extend'
  readonly extendee: ProtoName
  readonly fields: readonly ProtoField[]
  /** Every statement in it could be parsed. */
  readonly whole: boolean
}

/** `enum Name { … }` */
export interface ProtoEnum extends ProtoNode {
  readonly kind: 'enum'
  readonly name: ProtoName
  readonly visibility: ProtoVisibility
  readonly options: readonly ProtoOption[]
  readonly values: readonly ProtoEnumValue[]
  readonly reserved: readonly ProtoReserved[]
  /** False when a statement in it could not be read. */
  readonly whole: boolean
}

/** One named number. */
export interface ProtoEnumValue extends ProtoNode {
  readonly name: ProtoName
  readonly number: number
  readonly numberSpan: Span
  readonly options: readonly ProtoOption[]
}

/** `service Name { … }` */
export interface ProtoService extends ProtoNode {
  readonly kind: 'service'
  readonly name: ProtoName
  readonly options: readonly ProtoOption[]
  readonly methods: readonly ProtoMethod[]
}

/** `rpc Name ([stream] In) returns ([stream] Out);` */
export interface ProtoMethod extends ProtoNode {
  readonly name: ProtoName
  readonly input: ProtoName
  readonly inputStream: boolean
  readonly output: ProtoName
  readonly outputStream: boolean
  readonly options: readonly ProtoOption[]
}
