/** Status: gRPC's numbers, HTTP's and HTTP/2's codes, and how errors travel in headers and come back. */

import { BizError, type ErrorDetail, isBizError, type RpcCode, RpcError, rpcCodes } from '../core/error.ts'
import { Metadata } from '../core/metadata.ts'
import { Http2ErrorCode } from '../http2/error-code.ts'
import type { Http2Headers, Http2Reset } from '../http2/sink.ts'
import { ProtobufReader } from '../protobuf/reader.ts'
import { ProtobufWriter } from '../protobuf/writer.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { appendMetadata, headerOf, readMetadata } from './metadata.ts'
import { percentDecode, percentEncode } from './percent-encoding.ts'

/** The number of a code, 1 to 16. */
export function codeNumber(code: RpcCode): number {
  return rpcCodes.indexOf(code) + 1
}

/** The code of a `grpc-status`: OK for 0, undefined for what is not one of the 17. */
export function codeOfStatus(status: string): RpcCode | 'OK' | undefined {
  if (status === '0') return 'OK'
  return /^[1-9]\d?$/.test(status) ? rpcCodes[Number(status) - 1] : undefined
}

/** The code for an answer that is not gRPC (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md). */
export function codeOfHttpStatus(status: string | undefined): RpcCode {
  switch (status) {
    case '400':
      return 'INTERNAL'
    case '401':
      return 'UNAUTHENTICATED'
    case '403':
      return 'PERMISSION_DENIED'
    case '404':
      return 'UNIMPLEMENTED'
    case '429':
    case '502':
    case '503':
    case '504':
      return 'UNAVAILABLE'
    default:
      return 'UNKNOWN'
  }
}

/** The failure of a call whose stream died. `bytesSent` is false when the peer's application cannot have seen the call. */
export function errorOfReset(reset: Http2Reset): RpcError {
  return new RpcError(codeOfReset(reset), reset.message, {
    bytesSent: reset.processed,
    stack: false,
    ...(reset.cause === undefined ? {} : { cause: reset.cause }),
  })
}

function codeOfReset(reset: Http2Reset): RpcCode {
  if (!reset.processed && reset.code !== Http2ErrorCode.INTERNAL_ERROR) return 'UNAVAILABLE'
  switch (reset.code) {
    case undefined:
    case Http2ErrorCode.REFUSED_STREAM:
      return 'UNAVAILABLE'
    case Http2ErrorCode.CANCEL:
      return 'CANCELLED'
    case Http2ErrorCode.ENHANCE_YOUR_CALM:
      return 'RESOURCE_EXHAUSTED'
    case Http2ErrorCode.INADEQUATE_SECURITY:
      return 'PERMISSION_DENIED'
    default:
      return 'INTERNAL'
  }
}

/** Bytes of `grpc-message` beyond which the rest is cut: header lists are small, commonly 8 to 16 KiB. */
const longestMessage = 4096
/** Bytes of `grpc-status-details-bin` beyond which the details stay behind, for the same reason. */
const largestDetails = 6144

/** Appends the fields that tell of a failure. What is neither BizError nor RpcError is INTERNAL without a message of its own. */
export function appendError(headers: string[], error: unknown): void {
  if (isBizError(error)) {
    headers.push('grpc-status', String(codeNumber('UNKNOWN')), 'grpc-message', shortened(error.message))
    headers.push('biz-status', String(error.status), 'biz-message', shortened(error.message))
    if (Object.keys(error.extra).length > 0) headers.push('biz-extra', asciiJson(error.extra))
    return
  }
  const failure = RpcError.from(error)
  headers.push('grpc-status', String(codeNumber(failure.code)), 'grpc-message', shortened(failure.message))
  if (failure.details.length > 0) {
    const details = encodeStatusDetails(failure.code, failure.message, failure.details)
    if (details.length <= largestDetails) headers.push('grpc-status-details-bin', encodeBase64(details))
  }
  if (failure.metadata !== undefined) appendMetadata(headers, failure.metadata, 'INTERNAL')
}

/** Appends the code of a failure, and its metadata: for a protocol that writes everything else of it into the body. */
export function appendErrorStatus(headers: string[], error: unknown): void {
  if (isBizError(error)) {
    headers.push('grpc-status', String(codeNumber('UNKNOWN')))
    return
  }
  const { code, metadata } = RpcError.from(error)
  headers.push('grpc-status', String(codeNumber(code)))
  if (metadata !== undefined) appendMetadata(headers, metadata, 'INTERNAL')
}

function shortened(message: string): string {
  const encoded = percentEncode(message)
  if (encoded.length <= longestMessage) return encoded
  let cut = ''
  for (const char of message) {
    const part = percentEncode(char)
    if (cut.length + part.length > longestMessage) break
    cut += part
  }
  return cut
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * What trailers, or the headers of a trailers-only response, say of a call: undefined when it went well. Metadata among
 * them goes with the error.
 */
export function errorOfTrailers(trailers: Http2Headers): RpcError | BizError | undefined {
  const status = headerOf(trailers, 'grpc-status')
  const code = status === undefined ? undefined : codeOfStatus(status)
  if (code === 'OK') return undefined
  const encoded = headerOf(trailers, 'grpc-message')
  const message = encoded === undefined ? '' : percentDecode(encoded)
  const biz = headerOf(trailers, 'biz-status')
  if (biz !== undefined && /^-?\d{1,10}$/.test(biz)) {
    const bizMessage = headerOf(trailers, 'biz-message')
    return new BizError(
      Number(biz),
      bizMessage === undefined ? message : percentDecode(bizMessage),
      readExtra(trailers),
    )
  }
  if (code === undefined) {
    const what = status === undefined ? 'the server sent no grpc-status' : `the server sent grpc-status "${status}"`
    return new RpcError('UNKNOWN', message === '' ? what : `${what}: ${message}`, { stack: false })
  }
  return new RpcError(code, message, {
    details: readDetails(headerOf(trailers, 'grpc-status-details-bin')),
    metadata: metadataOf(trailers),
    stack: false,
  })
}

function metadataOf(trailers: Http2Headers): Metadata {
  try {
    return readMetadata(trailers) ?? new Metadata()
  } catch {
    // Malformed metadata must not hide the error it came with.
    return new Metadata()
  }
}

function readExtra(trailers: Http2Headers): Record<string, string> {
  const extra: Record<string, string> = Object.create(null)
  try {
    const parsed: unknown = JSON.parse(headerOf(trailers, 'biz-extra') ?? '{}')
    if (typeof parsed !== 'object' || parsed === null) return extra
    for (const [key, value] of Object.entries(parsed)) if (typeof value === 'string') extra[key] = value
  } catch {
    // A peer's unreadable extra must not hide the error it came with.
  }
  return extra
}

/** `google.rpc.Status`: code 1, message 2, details 3 of `google.protobuf.Any` (type_url 1, value 2). */
export function encodeStatusDetails(code: RpcCode, message: string, details: readonly ErrorDetail[]): Uint8Array {
  const writer = new ProtobufWriter()
  writer.int32Field(0x08, codeNumber(code))
  writer.stringField(0x12, message)
  for (const detail of details) {
    const begun = writer.begin(0x1a)
    writer.stringField(0x0a, detail.typeUrl)
    writer.bytesField(0x12, detail.value)
    writer.end(begun)
  }
  return writer.take()
}

/** The details of an encoded `google.rpc.Status`. Throws RpcError INTERNAL when it is not one. */
export function decodeStatusDetails(bytes: Uint8Array): ErrorDetail[] {
  const reader = new ProtobufReader(bytes)
  const details: ErrorDetail[] = []
  while (reader.position < reader.end) {
    const tag = reader.tag()
    if (tag !== 0x1a) {
      reader.skip(tag)
      continue
    }
    const end = reader.enter()
    details.push(readAny(reader, end))
    reader.leave(end)
  }
  return details
}

function readAny(reader: ProtobufReader, end: number): ErrorDetail {
  let typeUrl = ''
  let value: Uint8Array = new Uint8Array(0)
  while (reader.position < end) {
    const tag = reader.tag()
    if (tag === 0x0a) typeUrl = reader.string()
    else if (tag === 0x12) value = reader.bytes()
    else reader.skip(tag)
  }
  return { typeUrl, value }
}

function readDetails(text: string | undefined): readonly ErrorDetail[] {
  const bytes = text === undefined ? undefined : decodeBase64(text)
  if (bytes === undefined) return []
  try {
    return decodeStatusDetails(bytes)
  } catch {
    // Unreadable details must not hide the error they came with.
    return []
  }
}
