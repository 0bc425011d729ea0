/** How HTTP/1.1 is known by its first bytes. */

import type { WireMatch } from '../core/wire.ts'

const methods = ['GET ', 'POST ', 'PUT ', 'HEAD ', 'DELETE ', 'OPTIONS ', 'PATCH ', 'CONNECT ', 'TRACE ']

/** The request line of HTTP/1.1. */
export function matchHttp1(first: Uint8Array): WireMatch {
  const text = Buffer.from(first.subarray(0, 8)).toString('latin1')
  for (const method of methods) {
    if (text.startsWith(method)) return 'yes'
    if (method.startsWith(text)) return 'more'
  }
  return 'no'
}
