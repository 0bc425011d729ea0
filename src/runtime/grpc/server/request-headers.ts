/** What the header fields of a request say, read in one pass. */

import { RpcError } from '../../core/error.ts'
import { Metadata } from '../../core/metadata.ts'
import type { Http2Headers } from '../../http2/sink.ts'
import { type AcceptedCompression, compressionOf } from '../compression.ts'
import type { Compression } from '../compressor.ts'
import { appendHeader, isReservedName } from '../metadata.ts'
import { readMetainfo } from '../metainfo.ts'
import { parseTimeout } from '../timeout.ts'

/** A request's head. */
export interface RequestHeaders {
  method: string
  path: string
  contentType: string
  /** Milliseconds the caller gives. */
  timeoutMs: number | undefined
  compression: Compression | undefined
  acceptEncoding: string | undefined
  caller: string | undefined
  metadata: Metadata | undefined
  persistent: Map<string, string> | undefined
  transient: Map<string, string> | undefined
  /** The first thing that is wrong with it. */
  problem: RpcError | undefined
}

/** Reads a request's header fields; what is malformed becomes its `problem`. */
export function readRequestHeaders(headers: Http2Headers, accepted: AcceptedCompression): RequestHeaders {
  const head: RequestHeaders = {
    method: '',
    path: '',
    contentType: '',
    timeoutMs: undefined,
    compression: undefined,
    acceptEncoding: undefined,
    caller: undefined,
    metadata: undefined,
    persistent: undefined,
    transient: undefined,
    problem: undefined,
  }
  let hasMetainfo = false
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    const value = headers[i + 1]!
    switch (name) {
      case ':method':
        head.method = value
        break
      case ':path':
        head.path = value
        break
      case 'content-type':
        head.contentType = value
        break
      case 'grpc-timeout':
        head.timeoutMs = parseTimeout(value)
        if (head.timeoutMs === undefined) head.problem ??= malformed(`grpc-timeout "${value.slice(0, 32)}"`)
        break
      case 'grpc-encoding':
        readEncoding(head, value, accepted)
        break
      case 'grpc-accept-encoding':
        head.acceptEncoding = value
        break
      case 'source-service':
        head.caller = value
        break
      default:
        if (isReservedName(name)) hasMetainfo ||= name.startsWith('rpc-')
        else addMetadata(head, name, value)
    }
  }
  if (hasMetainfo) Object.assign(head, readMetainfo(headers))
  return head
}

/** Notes how the request is compressed; a way that is not accepted becomes the head's problem. */
export function readEncoding(head: RequestHeaders, name: string, accepted: AcceptedCompression): void {
  const compression = compressionOf(name)
  if (compression === undefined) return
  if (compression !== 'unknown' && accepted.has(compression)) {
    head.compression = compression
    return
  }
  const text = `the compression "${name.slice(0, 32)}" is not accepted here; this server takes ${accepted.header}`
  head.problem ??= new RpcError('UNIMPLEMENTED', text, { stack: false })
}

function addMetadata(head: RequestHeaders, name: string, value: string): void {
  head.metadata ??= new Metadata()
  try {
    appendHeader(head.metadata, name, value)
  } catch (error) {
    head.problem ??= RpcError.from(error)
  }
}

function malformed(what: string): RpcError {
  return new RpcError('INTERNAL', `malformed request: ${what}`, { stack: false })
}
