/** Extensions: fields that one file adds to a message of another; they live among the message's unknown fields. */

import type { FileSchema } from '../core/message/schema.ts'
import type { UnknownFields } from '../core/message/unknown-fields.ts'
import { ProtobufReader } from './reader.ts'
import { ProtobufWriter } from './writer.ts'

/**
 * An extension of message `M`. `T` is what is read, with `undefined` for one that may be absent; `I` is what is set. Messages that have extensions
 * keep them under `$unknown`, whether or not other unknown fields are kept there.
 */
export interface Extension<M, T = unknown, I = T> {
  /** Full IDL name: `pkg.weight`. */
  readonly name: string
  /** The full name of the message that it extends. */
  readonly extendee: string
  /** Field number. */
  readonly number: number
  /** The description of the file that declares it. */
  readonly file: FileSchema
  /**
   * The value; undefined when it is absent, an empty list or map for a repeated one. Like a declared field it is absent where the bytes hold another
   * wire type, or a number that its closed enum does not list. Throws RpcError INTERNAL when its bytes are malformed.
   */
  get(message: M): T
  /** Whether {@link get} gives a value: for a repeated extension, one that is not empty. Throws as `get` does. */
  has(message: M): boolean
  /** Sets the value, in place of one that was there. Throws RpcError INVALID_ARGUMENT for a value that its type cannot hold. */
  set(message: M, value: I): void
  clear(message: M): void
}

interface Extendable {
  $unknown?: UnknownFields | undefined
}

const writer = new ProtobufWriter()
const reader = new ProtobufReader()
const nothing = new Uint8Array(0)

/** Makes an {@link Extension} of the printed codec of a message that has it as its only field. Generated code calls it. */
export function extension<M extends Extendable, T, I>(
  name: string,
  extendee: string,
  number: number,
  encode: (writer: ProtobufWriter, holder: { readonly value: I }) => void,
  decode: (reader: ProtobufReader, end: number) => { value?: T },
  file: () => FileSchema,
): Extension<M, T, I> {
  const isOwn = (chunk: unknown): boolean => chunk instanceof Uint8Array && fieldNumber(chunk) === number
  // What another message kept is none of this one's.
  const kept = ({ $unknown }: M): UnknownFields => ($unknown?.[0] === extendee ? $unknown : [extendee])
  const keep = (message: M, fields: UnknownFields): void => {
    if (fields.length > 1) message.$unknown = fields
    else delete message.$unknown
  }
  const without = (message: M): UnknownFields => kept(message).filter((chunk) => !isOwn(chunk))
  const get = (message: M): T => {
    const bytes = joined(kept(message).filter(isOwn) as Uint8Array[])
    reader.reset(bytes)
    const { value } = decode(reader, bytes.length)
    reader.reset(nothing)
    return value as T
  }
  return {
    name,
    extendee,
    number,
    get file() {
      return file()
    },
    get,
    has: (message) => kept(message).some(isOwn) && holdsSomething(get(message)),
    set(message, value) {
      writer.reset()
      encode(writer, { value })
      const bytes = writer.take()
      keep(message, bytes.length === 0 ? without(message) : [...without(message), bytes])
    },
    clear(message) {
      keep(message, without(message))
    },
  }
}

/** Whether a value of an extension is set: lists and maps are when they have elements. */
function holdsSomething(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0)
}

/** The number in the tag that a kept field begins with. */
function fieldNumber(chunk: Uint8Array): number {
  let tag = 0
  for (let i = 0, shift = 0; i < 5 && i < chunk.length; i++, shift += 7) {
    const byte = chunk[i]!
    tag |= (byte & 127) << shift
    if (byte < 128) break
  }
  return tag >>> 3
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
