/** Between the well-known types and what JavaScript has for the same things. */

import { RpcError } from '../core/error.ts'
import { fromBinary, toBinary } from './bytes.ts'
import type { Any } from './gen/google/protobuf/any.ts'
import type { Duration } from './gen/google/protobuf/duration.ts'
import type { Timestamp } from './gen/google/protobuf/timestamp.ts'
import type { ProtobufMessage } from './message.ts'

const typePrefix = 'type.googleapis.com/'

/** The Timestamp of a Date. Throws RpcError INVALID_ARGUMENT for an invalid Date. */
export function timestampFromDate(date: Date): Timestamp {
  return timestampFromMs(date.getTime())
}

/** The Date of a Timestamp; what is finer than a millisecond is cut off towards the past. */
export function timestampToDate(timestamp: Timestamp): Date {
  return new Date(Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1e6))
}

/** The present, in milliseconds. */
export function timestampNow(): Timestamp {
  return timestampFromMs(Date.now())
}

/** The Duration of milliseconds, which may have a fraction and be negative. */
export function durationFromMs(ms: number): Duration {
  if (!Number.isFinite(ms)) throw new RpcError('INVALID_ARGUMENT', `${ms} milliseconds are no duration`)
  const seconds = Math.trunc(ms / 1000)
  // Seconds and nanos have the same sign; rounding may carry.
  const nanos = Math.round((ms - seconds * 1000) * 1e6)
  const carry = Math.trunc(nanos / 1e9)
  return { seconds: BigInt(seconds + carry), nanos: nanos - carry * 1e9 + 0 }
}

/** The milliseconds of a Duration, with their fraction. */
export function durationToMs(duration: Duration): number {
  return Number(duration.seconds) * 1000 + duration.nanos / 1e6
}

/** An Any that holds a message under `type.googleapis.com/`. */
export function anyPack<I>(type: ProtobufMessage<unknown, I>, value: I): Any {
  return { typeUrl: typePrefix + type.typeName, value: toBinary(type, value) }
}

/** The message that an Any holds; undefined when it holds one of another type. Throws RpcError INTERNAL when its bytes are malformed. */
export function anyUnpack<T>(any: Readonly<Any>, type: ProtobufMessage<T, never>): T | undefined {
  return anyIs(any, type) ? fromBinary(type, any.value) : undefined
}

/** Whether an Any holds a message of the type: what follows the last `/` of its URL decides. */
export function anyIs(any: Readonly<Any>, type: { readonly typeName: string }): boolean {
  return any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1) === type.typeName
}

function timestampFromMs(ms: number): Timestamp {
  if (!Number.isFinite(ms)) throw new RpcError('INVALID_ARGUMENT', 'an invalid Date is no timestamp')
  const seconds = Math.floor(ms / 1000)
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) }
}
