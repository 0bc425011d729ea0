/** The header fields of a gRPC response as the Connect protocol has them. */

import type { Http2Headers } from '../../http2/sink.ts'
import { errorOfTrailers } from '../status.ts'
import { type HttpFailure, httpFailure } from './connect-error.ts'

/** The metadata among the fields of gRPC headers or trailers: what neither gRPC nor HTTP has written. */
export function metadataFields(headers: Http2Headers): string[] {
  const list: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    if (name.startsWith(':') || name === 'content-type' || isStatus(name)) continue
    list.push(name, headers[i + 1]!)
  }
  return list
}

function isStatus(name: string): boolean {
  if (name.startsWith('grpc-')) return name !== 'grpc-retry-pushback-ms'
  return name.startsWith('biz-')
}

/** The failure that gRPC trailers tell of, `told` where it was told beside them; undefined when the call went well. */
export function failureOf(trailers: Http2Headers, told: HttpFailure | undefined): HttpFailure | undefined {
  if (told !== undefined) return told
  const failure = errorOfTrailers(trailers)
  return failure === undefined ? undefined : httpFailure(failure)
}
