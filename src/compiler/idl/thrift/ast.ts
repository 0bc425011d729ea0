/** The syntax tree of a Thrift file: what was written, with the place of everything; nothing is looked up. */

import type { SourceFile } from '../../diagnostic.ts'
import type { TokenList } from '../../text/scanner.ts'

/** Anything with a place: UTF-16 offsets, `end` exclusive. */
export interface Node {
  readonly start: number
  readonly end: number
}

/** A name as written, dots included. */
export interface Name extends Node {
  readonly text: string
}

/** `(key = "value")`; the value of `(key)` is `undefined`. */
export interface Annotation extends Node {
  readonly key: Name
  readonly value: string | undefined
}

/** What fields, declarations, enum values and functions carry. */
export interface Documented extends Node {
  /** The comments that lead and trail it, without markers. */
  readonly doc: string | undefined
  readonly annotations: readonly Annotation[]
}

/** A whole file. */
export interface ThriftDocument {
  readonly source: SourceFile
  /** All tokens and comments, for tools that print the file again. */
  readonly tokens: TokenList
  /** The comment at the head, if it does not belong to the first declaration. */
  readonly doc: string | undefined
  readonly includes: readonly Include[]
  readonly namespaces: readonly Namespace[]
  readonly definitions: readonly Definition[]
}

/** `include "path"`. `cpp_include` means nothing outside C++ and leaves no node. */
export interface Include extends Node {
  readonly path: string
  readonly pathSpan: Node
}

/** `namespace scope name (annotations)`, or the older `java_package name`. */
export interface Namespace extends Node {
  /** `*` or a language. */
  readonly scope: string
  readonly name: Name
  readonly annotations: readonly Annotation[]
}

/** A declaration of any kind. */
export type Definition = Const | Typedef | Enum | Senum | Struct | Service

/** `const type name = value`. */
export interface Const extends Documented {
  readonly kind: 'const'
  readonly type: Type
  readonly name: Name
  readonly value: Value
}

/** `typedef type name`. */
export interface Typedef extends Documented {
  readonly kind: 'typedef'
  readonly type: Type
  readonly name: Name
}

/** `enum Name { … }`. */
export interface Enum extends Documented {
  readonly kind: 'enum'
  readonly name: Name
  readonly values: readonly EnumValue[]
}

/** One member of an enum; `value` is undefined when it follows from the one before. */
export interface EnumValue extends Documented {
  readonly name: Name
  readonly value: bigint | undefined
  readonly valueSpan: Node | undefined
}

/** `senum Name { "a", "b" }`: a set of strings, long deprecated; a plain string in every generator. */
export interface Senum extends Documented {
  readonly kind: 'senum'
  readonly name: Name
  readonly values: readonly string[]
}

/** `struct`, `union` or `exception`. */
export interface Struct extends Documented {
  readonly kind: 'struct'
  readonly shape: 'struct' | 'union' | 'exception'
  readonly name: Name
  readonly fields: readonly Field[]
}

/** A field, an argument, or a declared exception. */
export interface Field extends Documented {
  readonly id: number | undefined
  /** Where the id ends; it starts where the field does. */
  readonly idEnd: number
  readonly requiredness: 'required' | 'optional' | undefined
  readonly type: Type
  /** Written with `&`: C++ holds it by pointer. */
  readonly reference: boolean
  readonly name: Name
  readonly value: Value | undefined
}

/** `service Name extends Other { … }`. */
export interface Service extends Documented {
  readonly kind: 'service'
  readonly name: Name
  readonly extends: Name | undefined
  readonly functions: readonly ServiceFunction[]
}

/** One function of a service. */
export interface ServiceFunction extends Documented {
  readonly oneway: Node | undefined
  /** Undefined for void. */
  readonly result: Type | undefined
  readonly name: Name
  readonly args: readonly Field[]
  readonly throws: readonly Field[]
  /** Where `throws` stands. */
  readonly throwsSpan: Node | undefined
}

/** A type where it is used. */
export type Type = Node & { readonly annotations: readonly Annotation[] } & (
    | { readonly kind: 'base'; readonly name: string }
    | { readonly kind: 'named'; readonly name: string }
    | { readonly kind: 'list' | 'set'; readonly element: Type }
    | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  )

/** A constant value. */
export type Value = Node &
  (
    | { readonly kind: 'int'; readonly value: bigint }
    | { readonly kind: 'double'; readonly value: number }
    /** `bytes` where they are not the text's UTF-8. */
    | { readonly kind: 'string'; readonly value: string; readonly bytes?: Uint8Array }
    | { readonly kind: 'name'; readonly text: string }
    | { readonly kind: 'list'; readonly elements: readonly Value[] }
    | { readonly kind: 'map'; readonly entries: readonly { readonly key: Value; readonly value: Value }[] }
  )
