/** Metadata to header fields and back: `-bin` values, reserved names, and what a name and a value may hold. */

import { RpcError } from '../core/error.ts'
import { Metadata, type MetadataValue } from '../core/metadata.ts'
import type { Http2Headers } from '../http2/sink.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** Names that belong to the protocol: refused as metadata, never shown in it. */
const reserved: ReadonlySet<string> = new Set([
  'te',
  'content-type',
  'content-length',
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'source-service',
  'destination-service',
  'destination-method',
  'biz-status',
  'biz-message',
  'biz-extra',
])

/** Names of gRPC that applications have a say in: a server's word on retries, and the number of attempts that it reads. */
const shared: ReadonlySet<string> = new Set(['grpc-retry-pushback-ms', 'grpc-previous-rpc-attempts'])

/** Whether no metadata may have this name: pseudo-headers, `grpc-*`, `rpc-persist-*` and its kin, and HTTP's own. */
export function isReservedName(name: string): boolean {
  const first = name.charCodeAt(0)
  if (first === 0x3a) return true
  if (first === 0x67) return name.startsWith('grpc-') && !shared.has(name)
  if (first === 0x72) return metainfoName.test(name)
  return reserved.has(name)
}

/** Why metadata may not have a reserved name, and what to use instead. */
function whyReserved(name: string): string {
  if (name.startsWith(':')) return 'names that begin with ":" belong to HTTP/2'
  if (name === 'grpc-timeout') return 'gRPC writes it; use timeoutMs'
  if (name.startsWith('grpc-status') || name === 'grpc-message') return 'gRPC writes it; throw an RpcError'
  if (name.startsWith('grpc-')) return 'names that begin with "grpc-" belong to gRPC'
  if (name.startsWith('rpc-')) return 'it carries metainfo; use the metainfo of the call'
  if (name.startsWith('biz-')) return 'it carries business errors; throw a BizError'
  if (name === 'source-service') return 'it names the caller; use the option caller of the client'
  if (name.startsWith('destination-')) return 'it names the service and method that are called'
  return 'HTTP has its own use for that name'
}

const metainfoName = /^rpc-(?:persist|transit|backward)-/
const nameShape = /^[0-9a-z_.-]+$/
const valueShape = /^[ -~]*$/

/**
 * Appends metadata as header fields, without the white space around a value. Each hop writes its own `user-agent` and
 * `grpc-previous-rpc-attempts`, which received metadata has and which may be passed on: they are left out. A reserved
 * name, and a name or value that no header can carry, throws RpcError with `code`, naming the entry.
 */
export function appendMetadata(headers: string[], metadata: Metadata, code: 'INVALID_ARGUMENT' | 'INTERNAL'): void {
  for (const [name, value] of metadata) {
    if (name === 'user-agent' || name === 'grpc-previous-rpc-attempts') continue
    headers.push(name, headerValue(name, value, code))
  }
}

function headerValue(name: string, value: MetadataValue, code: 'INVALID_ARGUMENT' | 'INTERNAL'): string {
  if (isReservedName(name)) throw new RpcError(code, `metadata "${name}" is reserved: ${whyReserved(name)}`)
  if (!nameShape.test(name)) {
    throw new RpcError(code, `metadata name "${name}" is not valid: use a-z, 0-9, "-", "_" and "."`)
  }
  if (name.endsWith('-bin')) {
    if (value instanceof Uint8Array) return encodeBase64(value)
    throw new RpcError(code, `metadata "${name}" ends in -bin, so its value must be a Uint8Array`)
  }
  if (typeof value !== 'string') {
    throw new RpcError(
      code,
      `metadata "${name}" holds bytes; text must be a string, bytes need a name that ends in -bin`,
    )
  }
  if (valueShape.test(value)) return value.trim()
  throw new RpcError(
    code,
    `metadata "${name}" has a value that is not printable ASCII; give it a name that ends in -bin`,
  )
}

/** The metadata among header fields; undefined when there is none. Throws RpcError INTERNAL for a `-bin` value that is not base64. */
export function readMetadata(headers: Http2Headers): Metadata | undefined {
  let metadata: Metadata | undefined
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    if (isReservedName(name)) continue
    metadata ??= new Metadata()
    appendHeader(metadata, name, headers[i + 1]!)
  }
  return metadata
}

/** Appends all entries of one metadata to another. */
export function addMetadata(target: Metadata, source: Metadata): void {
  for (const [name, value] of source) target.append(name, value)
}

/** Adds one header field; a `-bin` field may hold several values, joined by commas. */
export function appendHeader(metadata: Metadata, name: string, value: string): void {
  if (!name.endsWith('-bin')) {
    metadata.append(name, value)
    return
  }
  for (const part of value.split(',')) {
    const bytes = decodeBase64(part.trim())
    if (bytes === undefined) {
      throw new RpcError('INTERNAL', `malformed metadata: "${name}" is not base64`, { stack: false })
    }
    metadata.append(name, bytes)
  }
}

/** RpcError RESOURCE_EXHAUSTED for headers that the other side does not take; the limit is an option of that side. */
export function headersTooLarge(what: 'request' | 'response', bytes: number, limit: number): RpcError {
  const text = `the metadata of the ${what} is too large: ${bytes} bytes of headers, where the ${what === 'request' ? 'server' : 'client'} takes ${limit} (maxHeaderListBytes)`
  return new RpcError('RESOURCE_EXHAUSTED', text, { stack: false })
}

/** The first value of a header field. */
export function headerOf(headers: Http2Headers, name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]
  return undefined
}

/** An option that becomes a header, trimmed. Throws RpcError INVALID_ARGUMENT that names it when it cannot. */
export function headerText(text: string, option: string): string {
  if (valueShape.test(text)) return text.trim()
  throw new RpcError('INVALID_ARGUMENT', `the ${option} must be printable ASCII, for it becomes a header`)
}
