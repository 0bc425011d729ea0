/** thriftJson: the methods of Thrift services by unary calls in natural JSON, arguments by name. */

import type { ReadBudget } from '../core/bytes/read-budget.ts'
import type { JsonValue } from '../core/json/json-value.ts'
import { parseWithin } from '../core/json/parse-within.ts'
import type { MessageType } from '../core/message/message.ts'
import type { Route, Router } from '../core/router.ts'
import type { MethodType } from '../core/service-type.ts'
import type { HttpFailure } from '../grpc/connect/connect-error.ts'
import type { JsonMethod, JsonMethods } from '../grpc/connect/json-method.ts'
import type { ProtobufMessage } from '../protobuf/message.ts'
import { fromJson, toJson } from '../thrift/json.ts'

const known = new WeakMap<MethodType, JsonMethod>()

/** A protobuf service of the same name goes first: the path is its own. */
export const thriftJson: JsonMethods = {
  has: (router, service) => router.has('thrift', service) && !router.has('protobuf', service),
  find(router: Router, service: string, name: string): JsonMethod | undefined {
    const route = thriftJson.has(router, service) ? router.find('thrift', service, name) : undefined
    if (route === undefined) return undefined
    let method = known.get(route.method)
    if (method?.route !== route) {
      method = jsonMethod(route)
      known.set(route.method, method)
    }
    return method
  },
}

function jsonMethod(route: Route): JsonMethod {
  const { method } = route
  const encoder = new TextEncoder()
  const isEmpty = method.isVoid === true || method.kind === 'oneway'
  const resultOf = (member: string, value: unknown): JsonValue => {
    const json = toJson(method.response, { [member]: value } as never) as Readonly<Record<string, JsonValue>>
    return Object.values(json)[0] ?? null
  }
  return {
    route,
    isJson: true,
    request: message(method.request, {
      encode: () => {},
      decode: (reader, end) =>
        parseWithin(reader.restView(end), reader, (json) => argumentsOf(method.request, json, reader)),
    }),
    response: message(method.response, {
      encode: (writer, value) => {
        writer.raw(encoder.encode(JSON.stringify(isEmpty ? null : resultOf('success', value))))
      },
      decode: () => undefined,
    }),
    failure(error): HttpFailure | undefined {
      const declared = method.throws?.find(({ type }) => error instanceof type)
      if (declared === undefined) return undefined
      const field = method.response.schema.fields.find(({ localName }) => localName === declared.member)
      const exception = field?.type.kind === 'message' ? field.type.name.split('.').at(-1) : declared.type.name
      const { message: text } = error as Error
      const body = { code: 'unknown', message: text, exception, value: resultOf(declared.member, error) }
      return { status: 500, json: JSON.stringify(body) }
    },
  }
}

function argumentsOf(type: MessageType, json: JsonValue, budget: ReadBudget): unknown {
  return fromJson(type as MessageType<unknown, never>, json, {}, budget)
}

function message(type: MessageType, codec: Pick<ProtobufMessage, 'encode' | 'decode'>): ProtobufMessage {
  return { ...type, ...codec } as ProtobufMessage
}
