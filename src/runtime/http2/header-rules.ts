/** What HTTP/2 asks of header lists (RFC 9113 sections 8.2 and 8.3), of those that come and those that go. */

import type { Http2Headers } from './sink.ts'

const nameShape = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
const outgoingName = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/
const forbidden = /[\0\r\n]/
const outgoingForbidden = /[\0\r\n\u0100-\uffff]/

/** Bytes of a header list as SETTINGS_MAX_HEADER_LIST_SIZE counts them (RFC 9113 section 6.5.2). */
export function headerListBytes(headers: Http2Headers): number {
  let bytes = headers.length * 16
  for (const text of headers) bytes += text.length
  return bytes
}

/** Fields of a connection, which HTTP/2 has none of (RFC 9113 section 8.2.2). */
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/**
 * What is wrong with a field that is no pseudo-header. White space around a value is taken as it is: gRPC allows it and
 * ignores it, although RFC 9113 would call the message malformed.
 */
function problemOfField(name: string, value: string): string | undefined {
  if (!nameShape.test(name)) return `the field name ${JSON.stringify(name.slice(0, 64))}`
  if (forbidden.test(value)) return `a control character in the value of ${name}`
  if (connectionFields.has(name)) return `the connection field ${name}`
  if (name === 'te' && value !== 'trailers') return 'a field te that is not "trailers"'
  return undefined
}

function problemOfFields(headers: Http2Headers, start: number): string | undefined {
  for (let i = start; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    if (name.charCodeAt(0) === 0x3a) return `the pseudo-header ${JSON.stringify(name.slice(0, 64))} out of its place`
    const problem = problemOfField(name, headers[i + 1]!)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What is wrong with a request's header list (RFC 9113 section 8.3.1). */
export function problemOfRequest(headers: Http2Headers): string | undefined {
  let method: string | undefined
  let scheme: string | undefined
  let path: string | undefined
  let authority: string | undefined
  let at = 0
  for (; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    if (name.charCodeAt(0) !== 0x3a) break
    const value = headers[at + 1]!
    if (forbidden.test(value)) return `a control character in ${name}`
    let before: string | undefined
    if (name === ':method') [before, method] = [method, value]
    else if (name === ':scheme') [before, scheme] = [scheme, value]
    else if (name === ':path') [before, path] = [path, value]
    else if (name === ':authority') [before, authority] = [authority, value]
    else return `the pseudo-header ${JSON.stringify(name.slice(0, 64))}`
    if (before !== undefined) return `${name} twice`
  }
  if (method === undefined) return 'no :method'
  if (method === 'CONNECT') {
    if (scheme !== undefined || path !== undefined || authority === undefined) return 'a malformed CONNECT'
  } else if (scheme === undefined) return 'no :scheme'
  else if (path === undefined || path === '') return 'no :path'
  return problemOfFields(headers, at)
}

/** What is wrong with a response's header list (RFC 9113 section 8.3.2). */
export function problemOfResponse(headers: Http2Headers): string | undefined {
  if (headers[0] !== ':status') return 'no :status in front'
  if (!/^[1-9]\d\d$/.test(headers[1]!)) return `the :status ${JSON.stringify(headers[1]!.slice(0, 16))}`
  return problemOfFields(headers, 2)
}

/** What is wrong with trailers (RFC 9113 section 8.1). */
export function problemOfTrailers(headers: Http2Headers): string | undefined {
  return problemOfFields(headers, 0)
}

/** The `content-length` of a list; undefined without one, NaN for one that is no number or differs from another. */
export function contentLength(headers: Http2Headers): number | undefined {
  let length: number | undefined
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i] !== 'content-length') continue
    const value = headers[i + 1]!
    const size = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (length !== undefined && length !== size) return Number.NaN
    length = size
  }
  return length
}

/** Throws TypeError for a list that must not be sent. */
export function checkOutgoing(headers: Http2Headers): void {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    const value = headers[i + 1]!
    if (!outgoingName.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of an HTTP/2 header field`)
    if (outgoingForbidden.test(value)) {
      throw new TypeError(`the value of the header field ${name} holds a character that HTTP/2 cannot carry`)
    }
    if (connectionFields.has(name)) throw new TypeError(`the header field ${name} is not for HTTP/2`)
  }
}
