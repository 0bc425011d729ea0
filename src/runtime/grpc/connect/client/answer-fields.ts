/** The header fields of an answer of the Connect protocol as gRPC has them. */

import type { Http2Headers } from '../../../http2/sink.ts'

/** Names that belong to the protocol and to HTTP, and are no metadata. */
const protocolName = /^(?::|connect-|content-|grpc-(?!retry-pushback-ms$)|accept-(?:encoding|post)$|trailer$)/
const trailerPrefix = 'trailer-'

/** What an answer's head says. */
export interface AnswerHead {
  readonly status: string
  readonly contentType: string
  /** How its body, or its messages, are compressed. */
  readonly encoding: string | undefined
  /** The header fields of a gRPC answer. */
  readonly headers: Http2Headers
  /** Metadata that comes behind the messages, as far as the head has it. */
  readonly trailers: Http2Headers
}

/** Reads the head of an answer; a unary one has its trailers there, too. */
export function answerHead(fields: Http2Headers, isUnary: boolean): AnswerHead {
  let status = ''
  let contentType = ''
  let encoding: string | undefined
  const headers: string[] = [':status', '200', 'content-type', 'application/grpc']
  const trailers: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    if (name === ':status') status = value
    else if (name === 'content-type') contentType = value.toLowerCase()
    else if (name === (isUnary ? 'content-encoding' : 'connect-content-encoding')) encoding = value
    else if (name === (isUnary ? 'accept-encoding' : 'connect-accept-encoding')) {
      headers.push('grpc-accept-encoding', value)
    } else if (isUnary && name.startsWith(trailerPrefix)) trailers.push(name.slice(trailerPrefix.length), value)
    else if (!protocolName.test(name)) headers.push(name, value)
  }
  if (encoding !== undefined) headers.push('grpc-encoding', encoding)
  return { status, contentType, encoding, headers, trailers }
}

/** The metadata of the end of a stream, which is a list of values by name, as header fields. */
export function trailerFields(metadata: unknown): string[] {
  const fields: string[] = []
  if (typeof metadata !== 'object' || metadata === null) return fields
  for (const [name, values] of Object.entries(metadata)) {
    const lower = name.toLowerCase()
    if (!Array.isArray(values) || protocolName.test(lower)) continue
    for (const value of values) if (typeof value === 'string') fields.push(lower, value)
  }
  return fields
}
