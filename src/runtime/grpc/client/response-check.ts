/** What the header fields of an answer say, and what is wrong with an answer. */

import type { Peer } from '../../core/context/context.ts'
import { RpcError } from '../../core/error.ts'
import type { Http2Headers } from '../../http2/sink.ts'
import { accepts, type Compression, type Compressor } from '../compressor.ts'
import { headerOf } from '../metadata.ts'
import { codeOfHttpStatus } from '../status.ts'

/** Throws RpcError when an answer is not gRPC. */
export function checkResponse(headers: Http2Headers, peer: Peer | undefined): void {
  const type = headerOf(headers, 'content-type')
  const status = headerOf(headers, ':status')
  if (status === '200' && type?.startsWith('application/grpc') === true) return
  if (headerOf(headers, 'grpc-status') !== undefined) return
  const what = type === undefined ? 'no content-type' : `content-type ${type}`
  throw new RpcError(
    codeOfHttpStatus(status),
    `${peer?.address ?? 'the server'} did not answer in gRPC: HTTP status ${status ?? 'missing'}, ${what}`,
    { stack: false },
  )
}

/** Whether a server says what it takes, and a compression is not among that. */
export function refuses(headers: Http2Headers, compression: Compression): boolean {
  const accepted = headerOf(headers, 'grpc-accept-encoding')
  return accepted !== undefined && !accepts(accepted, compression)
}

/** How the messages of an answer are compressed. Throws RpcError INTERNAL for a way that is not known here. */
export function responseEncoding(headers: Http2Headers, compressor: Compressor): Compression | undefined {
  return knownEncoding(headerOf(headers, 'grpc-encoding'), compressor)
}

/** The compression that an encoding names; undefined for none. Throws RpcError INTERNAL for one that is not known here. */
export function knownEncoding(name: string | undefined, { names }: Compressor): Compression | undefined {
  if (name === undefined || name === 'identity') return undefined
  const known = names.find((one) => one === name)
  if (known !== undefined) return known
  const text = `the server compressed with ${name}, which is none of ${['identity', ...names].join(',')}`
  throw new RpcError('INTERNAL', text, { stack: false })
}

/** RpcError UNIMPLEMENTED for an answer of one message that has none, a part of one, or more. */
export function wrongCount(what: string): RpcError {
  return new RpcError('UNIMPLEMENTED', `the server sent ${what} to a method that answers with one message`, {
    stack: false,
  })
}

/** RpcError INTERNAL for a stream that ends without trailers. */
export function endedEarly(): RpcError {
  return new RpcError('INTERNAL', 'the server ended the stream without a status', { stack: false })
}
