/** jsonCodec(): the codec of a method whose messages are ProtoJSON instead of protobuf. */

import { parseWithin } from '../core/json/parse-within.ts'
import { fromJson, toJson } from '../protobuf/json.ts'
import type { ProtobufMessage } from '../protobuf/message.ts'
import type { MethodCodec } from './codec.ts'

/** Makes the codec; `types` are those that a `google.protobuf.Any` may hold besides the well-known ones. */
export function jsonCodec({ request, response }: MethodCodec, types: readonly ProtobufMessage[]): MethodCodec {
  return { request: jsonMessage(request, types), response: jsonMessage(response, types), isJson: true }
}

function jsonMessage(type: ProtobufMessage, types: readonly ProtobufMessage[]): ProtobufMessage {
  const options = { types: types as readonly ProtobufMessage<unknown, never>[] }
  const encoder = new TextEncoder()
  return {
    ...type,
    encode: (writer, value) => writer.raw(encoder.encode(JSON.stringify(toJson(type, value, options)))),
    decode: (reader, end) => {
      const text = reader.restView(end)
      return parseWithin(text, reader, (json) => fromJson(type, json, options, reader))
    },
  }
}
