/** The Thrift protocols as generated code sees them: one writer and one reader interface over binary and compact. */

import type { MessageType } from '../../core/message/message.ts'

/** How deep structs may nest in a message, read or written, unless `maxDepth` says otherwise: as Apache Thrift. */
export const defaultMaxDepth = 64
/** How many containers may be open for each struct that may be: no type of an IDL nests more. */
export const containersPerStruct = 4
/** The highest `maxDepth`: codecs call themselves for each level, and so much of the stack is there with some to spare. */
export const highestMaxDepth = 500

/** Type codes on the wire (https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md). */
export const ThriftTypeCode = {
  STOP: 0,
  BOOL: 2,
  BYTE: 3,
  DOUBLE: 4,
  I16: 6,
  I32: 8,
  I64: 10,
  STRING: 11,
  STRUCT: 12,
  MAP: 13,
  SET: 14,
  LIST: 15,
  UUID: 16,
} as const
/** One of {@link ThriftTypeCode}. */
export type ThriftTypeCode = (typeof ThriftTypeCode)[keyof typeof ThriftTypeCode]

/** The kinds of a message envelope. */
export const ThriftMessageKind = { CALL: 1, REPLY: 2, EXCEPTION: 3, ONEWAY: 4 } as const
/** One of {@link ThriftMessageKind}. */
export type ThriftMessageKind = (typeof ThriftMessageKind)[keyof typeof ThriftMessageKind]

/**
 * Writes messages into a growing buffer. Every value is range-checked; a value that does not fit its type throws
 * RpcError INVALID_ARGUMENT, and `undefined` for a required value does too. `xField` writes header and value at once.
 */
export interface ThriftWriter {
  messageBegin(name: string, kind: ThriftMessageKind, sequence: number): void
  messageEnd(): void
  structBegin(): void
  /** Writes the stop byte as well. */
  structEnd(): void
  fieldBegin(type: ThriftTypeCode, id: number): void
  boolField(id: number, value: boolean): void
  i8Field(id: number, value: number): void
  i16Field(id: number, value: number): void
  i32Field(id: number, value: number): void
  i64Field(id: number, value: bigint | number | string): void
  doubleField(id: number, value: number): void
  stringField(id: number, value: string): void
  binaryField(id: number, value: Uint8Array): void
  bool(value: boolean): void
  i8(value: number): void
  i16(value: number): void
  i32(value: number): void
  /** Takes every TypeScript form of a 64-bit integer. */
  i64(value: bigint | number | string): void
  double(value: number): void
  string(value: string): void
  binary(value: Uint8Array): void
  uuid(value: string): void
  listBegin(element: ThriftTypeCode, size: number): void
  setBegin(element: ThriftTypeCode, size: number): void
  mapBegin(key: ThriftTypeCode, value: ThriftTypeCode, size: number): void
}

/** The envelope of a message. */
export interface ThriftEnvelope {
  readonly name: string
  readonly kind: number
  readonly sequence: number
}

/**
 * Reads one message from a whole frame. Truncated, oversized or malformed bytes throw RpcError INTERNAL (`cause` says
 * what), never allocate more than the bytes that are there justify, and nest at most `maxDepth` structs. Text that is not UTF-8 is
 * read with U+FFFD in place of what is wrong, as Apache's Java and JavaScript do: Thrift peers do not validate.
 */
export interface ThriftReader {
  messageBegin(): ThriftEnvelope
  /** `weight` is what the struct takes in memory before its fields are read, in units of 16 bytes. Default 0. */
  structBegin(weight?: number): void
  structEnd(): void
  /** Enters a container of an unknown field, which nests as deep as the peer likes. */
  containerBegin(): void
  containerEnd(): void
  /** The type of the next field, 0 at the end of the struct; its id is then in `fieldId`. */
  fieldBegin(): number
  readonly fieldId: number
  bool(): boolean
  i8(): number
  i16(): number
  i32(): number
  i64(): bigint
  /** Throws when the value is not a safe integer. */
  i64Number(): number
  i64String(): string
  double(): number
  string(): string
  /** Bytes copied out of the frame. */
  binary(): Uint8Array
  /** Bytes that share the frame's memory. */
  binaryView(): Uint8Array
  /** 36 characters, lower case. */
  uuid(): string
  /** The size; the element type is then in `elementType`. Checked against the bytes that remain. */
  listBegin(): number
  setBegin(): number
  readonly elementType: number
  /** The size; the types are then in `keyType` and `valueType`. */
  mapBegin(): number
  readonly keyType: number
  readonly valueType: number
  /** Counts memory, in units of 16 bytes, against what the message may take; refuses the message beyond. */
  charge(weight: number): void
  /** The size of a list or set of this element type; -1 when it holds another type, and then it has been skipped. */
  listOf(element: ThriftTypeCode): number
  /** The same for a map. */
  mapOf(key: ThriftTypeCode, value: ThriftTypeCode): number
  skip(type: number): void
}

/** A Thrift struct, union or exception with its printed codec. */
export interface ThriftStruct<T = unknown, I = T> extends MessageType<T, I> {
  encode(writer: ThriftWriter, value: I): void
  decode(reader: ThriftReader): T
}
