/** What a peer seems to speak whose bytes are not of the protocol that this side expects. */

import { matchProxyHeader } from './proxy-protocol.ts'

interface ForeignProtocol {
  readonly name: string
  /** What to check; empty where nothing is known. */
  readonly advice: string
}

const proxyAdvice = 'a load balancer sends it: make the server with `proxyProtocol: true`, or switch it off there'
const wrongPort = 'check the address and its port'

/**
 * What the first bytes of a peer look like; undefined when they look like nothing known. A client meets servers that answer
 * in HTTP or with a TLS alert, a server meets clients of other protocols.
 */
function foreignProtocol(first: Uint8Array): ForeignProtocol | undefined {
  const [head, second, , fourth, fifth, sixth] = first
  if (isTlsRecord(first)) return { name: 'TLS', advice: 'set the option `tls`' }
  if (matchProxyHeader(first) === 'yes') return { name: 'the PROXY protocol', advice: proxyAdvice }
  const text = Buffer.from(first.subarray(0, 8)).toString('latin1')
  if (text.startsWith('HTTP/')) return { name: 'HTTP/1.1', advice: wrongPort }
  if (/^[A-Z]{3,7} [/*]?/.test(text)) return { name: 'HTTP', advice: '' }
  if (fifth === 0x0f && sixth === 0xff) return { name: "Apache Thrift's THeader transport", advice: '' }
  if (head === 0x5b || fifth === 0x5b) return { name: "Apache Thrift's JSON protocol", advice: '' }
  if (isZlib(head, second) || isZlib(fifth, sixth)) return { name: "Apache Thrift's zlib transport", advice: '' }
  // A SETTINGS frame: 3 bytes of length, type 4, no flags, stream 0 (RFC 9113 section 6.5).
  if (fourth === 4 && fifth === 0 && sixth === 0) return { name: 'HTTP/2', advice: wrongPort }
  return undefined
}

/** The words to add to an error, with what to check; empty when nothing is known, and for the protocol `expected`. */
export function foreignProtocolHint(first: Uint8Array, expected?: string): string {
  const protocol = foreignProtocol(first)
  if (protocol === undefined || protocol.name === expected) return ''
  const { name, advice } = protocol
  return `; the peer seems to speak ${name}${advice === '' ? '' : `; ${advice}`}`
}

/** Whether bytes begin a record of TLS: a handshake, or the alert that answers what is not TLS (RFC 8446 section 5.1). */
export function isTlsRecord(first: Uint8Array): boolean {
  return (first[0] === 0x15 || first[0] === 0x16) && first[1] === 0x03
}

/** The two bytes that a zlib stream begins with (RFC 1950 section 2.2). */
function isZlib(head: number | undefined, second: number | undefined): boolean {
  return head === 0x78 && second !== undefined && (head * 256 + second) % 31 === 0
}
