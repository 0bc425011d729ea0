/** Generic handlers: one function that answers every method of a service in JSON, without generated code. */

import type { Context } from '../context/context.ts'
import { RpcError } from '../error.ts'
import type { JsonValue } from '../json/json-value.ts'
import type { MessageType } from '../message/message.ts'
import { streamsRequest, streamsResponse } from '../method-kind.ts'
import type { ServerCall } from '../router.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import { isAsyncIterable } from '../stream/call-stream.ts'
import { mapStream } from '../stream/map-stream.ts'
import { describe } from '../text/describe-value.ts'
import type { GenericFormat, GenericRequest } from './generic-client.ts'

/**
 * Answers a call in JSON; `cx.method.name` says which. Thrift: the request has the arguments by name, the answer is the
 * result's value, and nothing for void and oneway. Streams are AsyncIterables of JSON. It throws what any handler throws;
 * an exception declared in the IDL is made with `fromJson` of its type.
 */
export type JsonHandler = (
  cx: Context,
  request: GenericRequest<JsonValue>,
) => Promise<JsonValue | undefined> | AsyncIterable<JsonValue> | JsonValue | undefined

/** The handler object of a service, each of whose methods asks the same function. */
export function genericHandlerOf(
  format: Omit<GenericFormat, 'raw'>,
  service: ServiceType,
  handle: JsonHandler,
): unknown {
  if (service.idl !== format.idl) throw new TypeError(`${service.fullName} is a ${service.idl} service`)
  const handler: Record<string, unknown> = {}
  for (const method of service.methods) handler[method.localName] = answering(format, service, method, handle)
  return handler
}

/** A request as JSON, which is charged beside it: it takes no more than the message does. */
function jsonOf(format: Omit<GenericFormat, 'raw'>, type: MessageType, request: unknown, cx: Context): JsonValue {
  const { memory, heldMemory, holdMore } = cx as Context & Partial<ServerCall>
  // A layer may hand on a context of its own.
  if (memory === undefined || heldMemory === undefined || holdMore === undefined) return format.toJson(type, request)
  const hold = (bytes: number): void => holdMore.call(cx, bytes)
  hold(heldMemory)
  return format.toJson(type, request, { memory, holdMemory: hold })
}

function answering(
  format: Omit<GenericFormat, 'raw'>,
  service: ServiceType,
  method: MethodType,
  handle: JsonHandler,
): (...given: unknown[]) => unknown {
  const { args, kind } = method
  return (...given) => {
    const cx = given[args === undefined ? 1 : args.length] as Context
    const toJson = (request: unknown): JsonValue => jsonOf(format, method.request, request, cx)
    const request = args === undefined ? given[0] : Object.fromEntries(args.map((name, i) => [name, given[i]]))
    const json = streamsRequest(kind) ? mapStream(request as AsyncIterable<unknown>, toJson) : toJson(request)
    const answer = handle(cx, json)
    if (!streamsResponse(kind)) return Promise.resolve(answer as JsonValue | undefined).then(fromJson)
    if (isAsyncIterable(answer)) return mapStream(answer as AsyncIterable<JsonValue>, fromJson)
    throw new TypeError(
      `${service.name}.${method.name} streams its answers, so it takes an AsyncIterable, not ${describe(answer)}`,
    )
  }

  function fromJson(answer: JsonValue | undefined): unknown {
    if (kind === 'oneway' || method.isVoid === true) return undefined
    try {
      if (format.idl === 'protobuf') return format.fromJson(method.response, answer as JsonValue)
      const result = format.fromJson(method.response, { success: answer ?? null })
      return (result as { readonly success: unknown }).success
    } catch (error) {
      // The handler's fault, not its caller's.
      throw new RpcError('INTERNAL', 'internal error', { cause: error })
    }
  }
}
