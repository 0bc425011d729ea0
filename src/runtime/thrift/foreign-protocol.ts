/** What a peer seems to speak whose bytes are no Thrift that this package knows. */

/** A name for logs and errors; undefined when the bytes look like nothing known. */
export function foreignProtocol(first: Uint8Array): string | undefined {
  const [head, second, , fourth, fifth, sixth] = first
  if (head === 0x16 && second === 0x03) return 'TLS'
  const text = Buffer.from(first.subarray(0, 8)).toString('latin1')
  if (text.startsWith('HTTP/')) return 'HTTP/1.1'
  if (/^[A-Z]{3,7} [/*]?/.test(text)) return 'HTTP'
  if (fifth === 0x0f && sixth === 0xff) return "Apache Thrift's THeader transport"
  if (head === 0x5b || fifth === 0x5b) return "Apache Thrift's JSON protocol"
  if (isZlib(head, second) || isZlib(fifth, sixth)) return "Apache Thrift's zlib transport"
  // A SETTINGS frame: 3 bytes of length, type 4, no flags, stream 0 (RFC 9113 section 6.5).
  if (fourth === 4 && fifth === 0 && sixth === 0) return 'HTTP/2'
  return undefined
}

/** The sentence to add to an error; empty when nothing is known. */
export function foreignProtocolHint(first: Uint8Array): string {
  const name = foreignProtocol(first)
  return name === undefined ? '' : `; the peer seems to speak ${name}`
}

/** The two bytes that a zlib stream begins with (RFC 1950 section 2.2). */
function isZlib(head: number | undefined, second: number | undefined): boolean {
  return head === 0x78 && second !== undefined && (head * 256 + second) % 31 === 0
}
