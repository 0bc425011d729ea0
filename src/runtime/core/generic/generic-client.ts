/** Generic clients: calls by the names of service and method, with JSON or bytes, without generated code. */

import type { MemoryHolder } from '../bytes/memory-account.ts'
import type { CallOptions, ClientOptions } from '../client/call-options.ts'
import { createClient } from '../client/client.ts'
import { RpcError } from '../error.ts'
import type { JsonValue } from '../json/json-value.ts'
import type { MessageType } from '../message/message.ts'
import type { MethodKind } from '../message/schema.ts'
import { streamsRequest, streamsResponse } from '../method-kind.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { isAsyncIterable } from '../stream/call-stream.ts'
import { mapStream } from '../stream/map-stream.ts'
import { describe } from '../text/describe-value.ts'
import type { Transport } from '../transport.ts'

/** One request, or for methods that stream them as many as there are. */
export type GenericRequest<T> = T | AsyncIterable<T>

/** Options of a call in bytes. */
export interface RawCallOptions extends CallOptions {
  /** Thrift: the caller waits for no answer. Default: as the service's description says, else false. */
  readonly oneway?: boolean | undefined
}

/**
 * Calls by name. `service` is `Shop`, for protobuf also in full, `shop.v1.Shop`; `method` is the IDL's name. Calls end
 * as those of any client do: deadline, signal, layers, exceptions, metadata. Exceptions declared in the IDL are Errors with
 * the IDL's members.
 */
export interface GenericClient {
  /**
   * Calls a method that answers once. Thrift: the request is an object with the arguments by name, the answer is the
   * result's value, `null` for void and oneway. Rejects with RpcError INVALID_ARGUMENT and the place of what does not
   * fit, UNIMPLEMENTED for a service or method that is not described, INTERNAL for an answer that JSON cannot hold.
   */
  call(service: string, method: string, request: GenericRequest<JsonValue>, options?: CallOptions): Promise<JsonValue>
  /** Calls a method that streams its answers. Failures of every kind come from the loop. */
  stream(
    service: string,
    method: string,
    request: GenericRequest<JsonValue>,
    options?: CallOptions,
  ): AsyncIterable<JsonValue>
  /**
   * The same as `call` in bytes: needs no description. Thrift: the argument struct, answered by the whole result struct
   * (field 0 is the value, the others declared exceptions), both in the binary protocol. protobuf: the messages.
   */
  callBytes(
    service: string,
    method: string,
    request: GenericRequest<Uint8Array>,
    options?: RawCallOptions,
  ): Promise<Uint8Array>
  /** The same as `stream` in bytes; without a description requests may be one or many. protobuf only. */
  streamBytes(
    service: string,
    method: string,
    request: GenericRequest<Uint8Array>,
    options?: CallOptions,
  ): AsyncIterable<Uint8Array>
}

/** What a generic client needs of one IDL. */
export interface GenericFormat {
  readonly idl: 'thrift' | 'protobuf'
  /** `holder` is charged what messages inside an Any take. */
  readonly toJson: (type: MessageType, value: unknown, holder?: MemoryHolder) => JsonValue
  readonly fromJson: (type: MessageType, json: JsonValue) => unknown
  readonly raw: (method: {
    readonly service: string
    readonly method: string
    readonly kind: MethodKind
  }) => ServiceType
}

/** Beyond so many methods called in bytes, the oldest are forgotten: in a proxy the names come from peers. */
const rememberedStubs = 1_024

type Stub = (request: unknown, options: CallOptions | undefined) => unknown

interface Known {
  readonly method: MethodType
  readonly stub: Stub
}

/** A generic client over a transport. Throws TypeError for a service of another IDL. */
export function genericClient(
  format: GenericFormat,
  services: readonly ServiceType[],
  transport: Transport,
  options: ClientOptions = {},
): GenericClient {
  const described = new Map<string, Map<string, Known>>()
  for (const service of services) {
    if (service.idl !== format.idl) throw new TypeError(`${service.fullName} is a ${service.idl} service`)
    const methods = stubs(service, transport, options)
    if (!described.has(service.name)) described.set(service.name, methods)
    described.set(service.fullName, methods)
  }
  const fullNames = new Map(services.toReversed().flatMap((one) => [[one.name, one.fullName] as const]))
  const raw = new Map<string, Stub>()

  const find = (service: string, method: string): Known => {
    const known = described.get(service)
    const found = known?.get(method)
    if (found !== undefined) return found
    throw new RpcError(
      'UNIMPLEMENTED',
      `${known === undefined ? `the service ${service}` : `the method ${service}.${method}`} is not described`,
    )
  }
  const rawStub = (service: string, method: string, kind: MethodKind): Stub => {
    const key = `${service}/${method}/${kind}`
    const known = raw.get(key)
    if (known !== undefined) return known
    const type = format.raw({ service: fullNames.get(service) ?? service, method, kind })
    const stub = stubs(type, transport, options).get(method)!.stub
    if (raw.size >= rememberedStubs) raw.delete(raw.keys().next().value!)
    raw.set(key, stub)
    return stub
  }
  const kindOf = (service: string, method: string): MethodKind | undefined =>
    described.get(service)?.get(method)?.method.kind

  return {
    async call(service, method, request, callOptions) {
      const { method: type, stub } = find(service, method)
      if (streamsResponse(type.kind)) throw streams(service, method, 'call', 'stream')
      const answer = await stub(requests(format, type, request), callOptions)
      return toJson(format, type, answer)
    },
    stream: (service, method, request, callOptions) =>
      unlessThrown(() => {
        const { method: type, stub } = find(service, method)
        if (!streamsResponse(type.kind)) throw streams(service, method, 'stream', 'call')
        const answers = stub(requests(format, type, request), callOptions) as AsyncIterable<unknown>
        return mapStream(answers, (answer) => toJson(format, type, answer))
      }),
    async callBytes(service, method, request, { oneway = false, ...callOptions } = {}) {
      const kind =
        kindOf(service, method) ?? (isAsyncIterable(request) ? 'client_streaming' : oneway ? 'oneway' : 'unary')
      if (streamsResponse(kind)) throw streams(service, method, 'callBytes', 'streamBytes')
      checkStreaming(service, method, kind, request)
      const answer = await rawStub(service, method, kind)(request, callOptions)
      return (answer as Uint8Array | undefined) ?? nothing
    },
    streamBytes: (service, method, request, callOptions) =>
      unlessThrown(() => {
        if (format.idl === 'thrift') throw new RpcError('INVALID_ARGUMENT', 'Thrift has no streams; use callBytes')
        const kind = kindOf(service, method) ?? 'bidi_streaming'
        if (!streamsResponse(kind)) throw streams(service, method, 'streamBytes', 'callBytes')
        const many = streamsRequest(kind) && !isAsyncIterable(request) ? one(request) : request
        checkStreaming(service, method, kind, many)
        return rawStub(service, method, kind)(many, callOptions) as AsyncIterable<Uint8Array>
      }),
  }
}

const nothing = new Uint8Array(0)

/** The stubs of a service by the IDL's names of its methods; each takes the request whole. */
function stubs(service: ServiceType, transport: Transport, options: ClientOptions): Map<string, Known> {
  // No name of a method may stand in the way of what every object has, or of `bind` of a transport.
  const methods = service.methods.map(
    ({ args: _, ...method }): MethodType => ({
      ...method,
      localName: `/${method.name}`,
    }),
  )
  const { name, fullName, idl, file } = service
  const plain: ServiceType = { name, fullName, idl, file, methods }
  const client = createClient(plain, transport, options) as Record<string, Stub>
  return new Map(methods.map((method) => [method.name, { method, stub: client[method.localName]! }]))
}

function requests(format: GenericFormat, method: MethodType, request: GenericRequest<JsonValue>): unknown {
  if (!streamsRequest(method.kind)) {
    if (isAsyncIterable(request))
      throw new RpcError('INVALID_ARGUMENT', `${method.name} takes one request, not a stream`)
    return format.fromJson(method.request, request)
  }
  const many = isAsyncIterable(request) ? (request as AsyncIterable<JsonValue>) : one(request as JsonValue)
  return mapStream(many, (json) => format.fromJson(method.request, json))
}

/** The JSON of an answer; Thrift's stands in the field `success` of the result struct. */
function toJson(format: GenericFormat, method: MethodType, answer: unknown): JsonValue {
  if (format.idl === 'protobuf') return format.toJson(method.response, answer)
  if (method.kind === 'oneway' || method.isVoid === true) return null
  const result = format.toJson(method.response, { success: answer })
  return (result as { readonly success: JsonValue }).success
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value
}

/** A stream whose start may fail: the failure waits for the first `next()`, as that of any streamed call. */
function unlessThrown<T>(start: () => AsyncIterable<T>): AsyncIterable<T> {
  try {
    return start()
  } catch (error) {
    return {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
    }
  }
}

function checkStreaming(service: string, method: string, kind: MethodKind, request: unknown): void {
  if (isAsyncIterable(request) === streamsRequest(kind)) return
  const due = streamsRequest(kind) ? 'an AsyncIterable of requests' : 'one request'
  throw new RpcError('INVALID_ARGUMENT', `${service}.${method} takes ${due}, not ${describe(request)}`)
}

function streams(service: string, method: string, used: string, due: string): RpcError {
  const how = due.startsWith('stream') ? 'streams its answers' : 'answers once'
  return new RpcError('INVALID_ARGUMENT', `${service}.${method} ${how}: use ${due}, not ${used}`)
}
