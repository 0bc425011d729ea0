/** rawBridge: a call in one process of which one side moves bytes and the other messages. */

import type { MemoryHolder } from '../bytes/memory-account.ts'
import { RpcError } from '../error.ts'
import type { MessageType } from '../message/message.ts'
import { streamsRequest, streamsResponse } from '../method-kind.ts'
import type { Route, ServerCall } from '../router.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { mapStream } from '../stream/map-stream.ts'
import { describe } from '../text/describe-value.ts'
import { invalidRequest } from './message-transfer.ts'

type Convert = (message: unknown, holder?: MemoryHolder) => unknown

const same: Convert = (message) => message

/**
 * Runs the calls of such a method with the codecs of the side that has some; undefined where both have the same. A side
 * in bytes may also stream where the other does not: it knows only the wire, on which that is one.
 */
export function rawBridge(
  caller: MethodType,
  { service, method: callee }: Route,
): ((call: ServerCall, request: unknown) => Promise<unknown>) | undefined {
  const fromBytes = isRaw(caller)
  const toBytes = isRaw(callee)
  if (!fromBytes && !toBytes) return undefined
  if (fromBytes === toBytes && caller.kind === callee.kind) return undefined
  const ask = fromBytes === toBytes ? same : fromBytes ? read(callee.request) : write(caller.request)
  const answer = fromBytes === toBytes ? same : fromBytes ? answerIn(service, callee) : answerOf(service, caller)
  return async (call, request) => {
    const accept: Convert = (message) => {
      try {
        return ask(message, call)
      } catch (error) {
        throw invalidRequest(service, caller, error)
      }
    }
    const [sends, takes] = [caller, callee].map(({ kind }) => streamsRequest(kind))
    const outcome = call.handle(await carried(request, sends!, takes!, accept))
    if (callee.kind === 'oneway' || caller.kind === 'oneway') {
      outcome.catch(() => {})
      return undefined
    }
    const give: Convert = (message) => {
      try {
        return answer(message)
      } catch (error) {
        // What cannot be written is the handler's fault; what cannot be read is told as it is.
        throw fromBytes ? call.unexpected(error) : error
      }
    }
    let given: unknown
    try {
      given = await outcome
    } catch (error) {
      const declared = fromBytes && !toBytes ? callee.throws?.find(({ type }) => error instanceof type) : undefined
      if (declared === undefined) throw error
      return write(callee.response)({ [declared.member]: error })
    }
    const [gives, expects] = [callee, caller].map(({ kind }) => streamsResponse(kind))
    return carried(given, gives!, expects!, give)
  }
}

/** What one side sends in the number that the other takes: a message alone, or a stream of them. */
async function carried(sent: unknown, isStream: boolean, becomesStream: boolean, convert: Convert): Promise<unknown> {
  if (!isStream) return becomesStream ? one(convert(sent)) : convert(sent)
  const messages = sent as AsyncIterable<unknown>
  return becomesStream ? mapStream(messages, convert) : convert(await only(messages))
}

/** The answer of a method as bytes; Thrift's are the whole result struct. */
function answerIn({ idl }: ServiceType, { response }: MethodType): Convert {
  const bytes = write(response)
  return idl === 'thrift' ? (success) => bytes({ success }) : bytes
}

/** The answer of a method from bytes. */
function answerOf({ idl }: ServiceType, method: MethodType): Convert {
  const message = read(method.response)
  return idl === 'thrift' ? (bytes) => resultOf(method, message(bytes)) : message
}

function isRaw({ request }: MethodType): boolean {
  return request.isRaw === true
}

function write(type: MessageType): Convert {
  return (message) => (type.toBytes ?? noCodec(type))(message)
}

function read(type: MessageType): Convert {
  return (bytes, holder) => {
    if (bytes instanceof Uint8Array) return (type.fromBytes ?? noCodec(type))(bytes, 0, bytes.length, holder)
    throw new RpcError('INVALID_ARGUMENT', `a message in bytes is a Uint8Array, not ${describe(bytes)}`)
  }
}

function noCodec({ typeName }: MessageType): never {
  throw new TypeError(`${typeName} has no codec`)
}

/** What a Thrift result struct holds; a declared exception is thrown. */
function resultOf({ name, throws = [], isVoid }: MethodType, result: unknown): unknown {
  const fields = result as Readonly<Record<string, unknown>>
  for (const { member } of throws) if (fields[member] !== undefined) throw fields[member]
  if (fields['success'] === undefined && isVoid !== true)
    throw new RpcError('INTERNAL', `${name}: the reply holds neither a result nor an exception`)
  return fields['success']
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value
}

/** The message of a stream that has one. */
async function only(messages: AsyncIterable<unknown>): Promise<unknown> {
  let found: { readonly message: unknown } | undefined
  for await (const message of messages) {
    if (found !== undefined) throw new RpcError('UNIMPLEMENTED', 'more than one message where one is due')
    found = { message }
  }
  if (found === undefined) throw new RpcError('UNIMPLEMENTED', 'no message where one is due')
  return found.message
}
