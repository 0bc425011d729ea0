/** Messages to frames and back. */

import { RpcError } from '../core/error.ts'
import type { MethodType } from '../core/service-type.ts'
import type { ProtobufMessage } from '../protobuf/message.ts'
import { ProtobufReader } from '../protobuf/reader.ts'
import { ProtobufWriter } from '../protobuf/writer.ts'
import { type Compression, type Compressor, compressFromBytes, isUncompressed } from './compressor.ts'
import { type Frame, framePrefixBytes, tooLarge } from './framing.ts'

/** The request and response types of a method, with their codecs. */
export interface MethodCodec {
  readonly request: ProtobufMessage
  readonly response: ProtobufMessage
  /** The messages are ProtoJSON. */
  readonly isJson?: true
}

/** The codecs of a protobuf method. Throws TypeError when its messages have none. */
export function methodCodec(method: MethodType): MethodCodec {
  for (const type of [method.request, method.response]) {
    if (!('encode' in type && 'decode' in type)) {
      throw new TypeError(`${method.name}: the message ${type.typeName} has no protobuf codec`)
    }
  }
  return { request: method.request as ProtobufMessage, response: method.response as ProtobufMessage }
}

// Encoding and decoding are synchronous, so one of each serves every call.
const writer = new ProtobufWriter()
const reader = new ProtobufReader()

/** One message with its prefix. Throws RpcError when a value does not fit its field or the message the limit. */
export function encodeFrame(
  type: ProtobufMessage,
  message: unknown,
  maxBytes: number,
  compression: Compression | undefined,
  { compress }: Compressor,
  minBytes: number = compressFromBytes,
): Uint8Array {
  writer.reset()
  writer.reserve(framePrefixBytes)
  type.encode(writer, message)
  const size = writer.position - framePrefixBytes
  if (size > maxBytes) throw tooLarge('sent', size, maxBytes)
  if (compression !== undefined && compress !== undefined && size >= minBytes && !isUncompressed(message)) {
    const payload = compress(compression, writer.written(framePrefixBytes))
    writer.reset()
    writer.reserve(framePrefixBytes)
    writer.setU8(0, 1)
    writer.setU32(1, payload.length)
    writer.raw(payload)
    return writer.take()
  }
  writer.setU32(1, size)
  return writer.take()
}

/**
 * The message of a frame; a promise where decompressing takes one. Throws RpcError for one that is compressed as nobody
 * said, too large, or not protobuf.
 */
export function decodeFrame(
  type: ProtobufMessage,
  { compressed, payload }: Frame,
  maxBytes: number,
  compression: Compression | undefined,
  compressor: Compressor,
): unknown {
  if (!compressed) return decodePayload(type, payload)
  const plain = compressor.decompress(named(compression), payload, maxBytes)
  return plain instanceof Promise ? plain.then((bytes) => decodePayload(type, bytes)) : decodePayload(type, plain)
}

function decodePayload(type: ProtobufMessage, payload: Uint8Array): unknown {
  reader.reset(payload)
  return type.decode(reader, payload.length)
}

/** The compression of a message that is marked as compressed. Throws RpcError INTERNAL where none was named. */
export function named(compression: Compression | undefined): Compression {
  if (compression !== undefined) return compression
  const text = 'a message is marked as compressed, but no grpc-encoding was named'
  throw new RpcError('INTERNAL', text, { stack: false })
}
