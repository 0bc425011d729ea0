/** CORS: which pages of other sites may call, and what they may see (https://fetch.spec.whatwg.org/#http-cors-protocol). */

import type { Http2Headers } from '../../http2/sink.ts'
import { headerOf } from '../metadata.ts'

/** Who may call from a browser. */
export interface CorsOptions {
  /** Origins such as `https://shop.example`; `*` for any; or a function that knows. */
  readonly origins: '*' | readonly string[] | ((origin: string) => boolean)
  /** Request headers that a page may set beside those of gRPC-web, Connect and metainfo. Default: those it asks for. */
  readonly headers?: readonly string[] | undefined
  /** Whether cookies and the like are sent along; needs origins that are named. Default false. */
  readonly credentials?: boolean | undefined
  /** Seconds that a browser may remember the answer to a preflight. Default 7,200, the most that Chromium takes. */
  readonly maxAgeSeconds?: number | undefined
}

/** The header fields that tell a browser of the answer to its page: none when the page may not see it. */
export type CorsHeaders = readonly string[]

/** Answers the questions of browsers. */
export interface Cors {
  /** Whether the page of a request may call; false for a request without an origin. */
  allows(headers: Http2Headers): boolean
  /** The fields of every answer to a request. */
  answer(headers: Http2Headers): CorsHeaders
  /** The whole answer to a preflight. */
  preflight(headers: Http2Headers): Http2Headers
}

/** Request headers of gRPC-web, the Connect protocol and CloudWeGo, in the order of their names. */
const protocolHeaders = [
  ...['connect-accept-encoding', 'connect-content-encoding', 'connect-protocol-version', 'connect-timeout-ms'],
  ...['content-encoding', 'content-type', 'grpc-accept-encoding', 'grpc-timeout', 'source-service'],
  ...['x-grpc-web', 'x-user-agent'],
]
const metainfoName = /^rpc-(?:persist|transit)-[a-z0-9_.-]+$/i

const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

/** Throws TypeError for options that contradict each other. */
export function cors(options: CorsOptions | undefined): Cors {
  if (options === undefined) {
    return { allows: () => false, answer: () => [], preflight: () => [':status', '403', 'vary', 'origin'] }
  }
  const { origins, credentials = false, maxAgeSeconds = 7_200, headers: allowed } = options
  if (origins === '*' && credentials) {
    throw new TypeError('cors: credentials need origins that are named, for browsers refuse them with "*"')
  }
  const isAllowed = (origin: string): boolean => {
    if (origins === '*') return true
    return typeof origins === 'function' ? origins(origin) : origins.includes(origin)
  }
  const allowedOrigin = (headers: Http2Headers): string | undefined => {
    const origin = headerOf(headers, 'origin')
    return origin !== undefined && isAllowed(origin) ? origin : undefined
  }
  const answer = (headers: Http2Headers): CorsHeaders => {
    const origin = allowedOrigin(headers)
    if (origin === undefined) return ['vary', 'origin']
    return [
      'access-control-allow-origin',
      origins === '*' ? '*' : origin,
      ...(credentials ? ['access-control-allow-credentials', 'true'] : []),
      'vary',
      'origin',
    ]
  }
  return {
    allows: (headers) => allowedOrigin(headers) !== undefined,
    answer,
    preflight(headers) {
      const fields = answer(headers)
      if (fields.length === 2) return [':status', '403', ...fields]
      const asked = (headerOf(headers, 'access-control-request-headers') ?? '').split(',').map((name) => name.trim())
      const names = allowed === undefined ? asked.filter((name) => token.test(name)) : allowedOf(asked, allowed)
      return [
        ...[':status', '204'],
        ...fields,
        ...['access-control-allow-methods', 'POST, GET'],
        ...(names.length === 0 ? [] : ['access-control-allow-headers', names.join(', ')]),
        ...['access-control-max-age', String(maxAgeSeconds)],
      ]
    },
  }
}

function allowedOf(asked: readonly string[], allowed: readonly string[]): string[] {
  return [...new Set([...protocolHeaders, ...allowed, ...asked.filter((name) => metainfoName.test(name))])]
}

/** The fields of an answer with the names that a page may read beside those that browsers show anyway. */
export function exposed(fields: CorsHeaders, headers: Http2Headers): CorsHeaders {
  if (!fields.includes('access-control-allow-origin')) return fields
  const names = new Set<string>()
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    if (!name.startsWith(':') && name !== 'content-type') names.add(name)
  }
  return names.size === 0 ? fields : [...fields, 'access-control-expose-headers', [...names].join(', ')]
}
