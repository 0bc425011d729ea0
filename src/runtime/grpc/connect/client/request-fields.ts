/** The header fields of a gRPC request as the Connect protocol has them. */

import type { Http2Headers } from '../../../http2/sink.ts'
import { parseTimeout } from '../../timeout.ts'

/** The kind of a request: a bare message, a bare message that is compressed, a message in the query, or envelopes. */
export type RequestForm = 'unary' | 'compressed' | 'get' | 'stream'

/** Makes the header fields of one form from those of gRPC; what calls have in common is made once. */
export class RequestFields {
  readonly #form: RequestForm
  readonly #contentType: string
  readonly #known = new WeakMap<Http2Headers, Http2Headers>()

  constructor(form: RequestForm, contentType: string) {
    this.#form = form
    this.#contentType = contentType
  }

  /** Those that the calls of a method share: the same list for the same list. */
  shared(headers: Http2Headers): Http2Headers {
    let fields = this.#known.get(headers)
    if (fields === undefined) {
      fields = this.#translate(headers)
      this.#known.set(headers, fields)
    }
    return fields
  }

  #translate(headers: Http2Headers): Http2Headers {
    const form = this.#form
    const fields: string[] = []
    const prefix = form === 'stream' ? 'connect-' : ''
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i]!
      const value = headers[i + 1]!
      if (name === 'te') continue
      if (name === ':method' && form === 'get') fields.push(name, 'GET')
      else if (name === 'content-type') {
        if (form !== 'get') fields.push(name, this.#contentType)
        fields.push('connect-protocol-version', '1')
      } else if (name === 'grpc-accept-encoding') fields.push(`${prefix}accept-encoding`, withoutIdentity(value))
      else if (name === 'grpc-encoding') {
        if (form === 'stream' || form === 'compressed') fields.push(`${prefix}content-encoding`, value)
      } else fields.push(name, value)
    }
    return fields
  }
}

/** Those of one call. */
export function ownFields(headers: Http2Headers | undefined): Http2Headers | undefined {
  if (headers?.[0] !== 'grpc-timeout') return headers
  const ms = Math.max(1, Math.ceil(parseTimeout(headers[1]!) ?? 1))
  return ['connect-timeout-ms', String(Math.min(ms, 9_999_999_999)), ...headers.slice(2)]
}

function withoutIdentity(names: string): string {
  return names
    .split(',')
    .filter((name) => name !== 'identity')
    .join(',')
}
