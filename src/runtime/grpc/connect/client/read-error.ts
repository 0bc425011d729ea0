/** What an error of the Connect protocol says, which is JSON (https://connectrpc.com/docs/protocol#error-end-stream). */

import { fromBase64 } from '../../../core/bytes/base64.ts'
import { BizError, type ErrorDetail, type RpcCode, RpcError, rpcCodes } from '../../../core/error.ts'
import type { JsonObject, JsonValue } from '../../../core/json/json-value.ts'
import { Metadata } from '../../../core/metadata.ts'
import type { Http2Headers } from '../../../http2/sink.ts'
import { readMetadata } from '../../metadata.ts'

/** The object that bytes hold as JSON; undefined for anything else. */
export function parseObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(new TextDecoder().decode(bytes)) as JsonValue)
  } catch {
    return undefined
  }
}

/** A value that is an object; undefined for any other. */
export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

/** The error that an object tells of. `otherwise`: the code where it names none; `trailers`: the metadata beside it. */
export function errorOfObject(
  { code, message, details, bizStatus, bizExtra }: JsonObject,
  otherwise: RpcCode,
  trailers: Http2Headers,
): RpcError | BizError {
  const text = typeof message === 'string' ? message : ''
  if (typeof bizStatus === 'number') return new BizError(bizStatus, text, textsOf(bizExtra))
  return new RpcError(codeOf(code) ?? otherwise, text, {
    details: detailsOf(details),
    metadata: metadataOf(trailers),
    stack: false,
  })
}

function codeOf(code: JsonValue | undefined): RpcCode | undefined {
  if (code === 'canceled') return 'CANCELLED'
  return typeof code === 'string' ? rpcCodes.find((one) => one.toLowerCase() === code) : undefined
}

function detailsOf(details: JsonValue | undefined): ErrorDetail[] {
  const list: ErrorDetail[] = []
  if (!Array.isArray(details)) return list
  for (const one of details) {
    const { type, value } = objectOf(one) ?? {}
    const bytes = typeof value === 'string' ? fromBase64(value) : undefined
    // Unreadable details must not hide the error they came with.
    if (typeof type === 'string' && bytes !== undefined)
      list.push({ typeUrl: `type.googleapis.com/${type}`, value: bytes })
  }
  return list
}

function textsOf(value: JsonValue | undefined): Record<string, string> {
  const texts: Record<string, string> = Object.create(null)
  if (typeof value !== 'object' || value === null) return texts
  for (const [key, text] of Object.entries(value)) if (typeof text === 'string') texts[key] = text
  return texts
}

function metadataOf(trailers: Http2Headers): Metadata {
  try {
    return readMetadata(trailers) ?? new Metadata()
  } catch {
    // Malformed metadata must not hide the error it came with.
    return new Metadata()
  }
}
