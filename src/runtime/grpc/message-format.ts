/** MessageFormat: another way to write messages than protobuf's own. */

import type { ProtobufMessage } from '../protobuf/message.ts'
import type { MethodCodec } from './codec.ts'
import { jsonCodec } from './json-codec.ts'

/** Makes the codec of a method that writes its messages so. */
export type MessageFormat = (codec: MethodCodec) => MethodCodec

/** Messages in ProtoJSON. `types`: what `google.protobuf.Any` may hold, besides the well-known types. */
export function protoJson({ types = [] }: { readonly types?: readonly ProtobufMessage[] } = {}): MessageFormat {
  return (codec) => jsonCodec(codec, types)
}
