/** The PROXY protocol, in which load balancers say whose connection they pass on (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt). */

import { isIPv4, isIPv6 } from 'node:net'
import type { WireMatch } from '../core/wire.ts'
import { formatHostPort } from './address.ts'

/** What the first bytes of a connection are. */
export type ProxyHeader =
  /** They may still become a header. */
  | { readonly kind: 'more' }
  /** They are something else. */
  | { readonly kind: 'none' }
  /** They begin as a header and break its rules. */
  | { readonly kind: 'malformed'; readonly why: string }
  /**
   * A header of `length` bytes. `source`: whose connection it is; undefined where the balancer speaks for itself (LOCAL, as
   * for its health checks) or names no TCP address.
   */
  | { readonly kind: 'header'; readonly length: number; readonly source: string | undefined }

/** The longest header that is read, with what a balancer adds to the addresses (TLV): some hundred bytes are usual. */
export const maxProxyHeaderBytes = 4_096
/** The longest line of version 1, CR LF included. */
const maxLineBytes = 107
const lineStart = new TextEncoder().encode('PROXY ')
const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
/** The signature, version and command, family, and the length of what follows. */
const fixedBytes = 16

/** Whether a connection begins with a header, whole or not. */
export function matchProxyHeader(first: Uint8Array): WireMatch {
  const start = first[0] === lineStart[0] ? lineStart : signature
  const length = Math.min(first.length, start.length)
  for (let i = 0; i < length; i++) if (first[i] !== start[i]) return 'no'
  return length < start.length ? 'more' : 'yes'
}

/** Reads the header at the beginning of a connection, in either version. */
export function readProxyHeader(first: Uint8Array): ProxyHeader {
  const match = matchProxyHeader(first)
  if (match === 'yes') return first[0] === lineStart[0] ? readLine(first) : readBinary(first)
  return { kind: match === 'more' ? 'more' : 'none' }
}

/** Version 1: `PROXY TCP4 192.0.2.1 192.0.2.9 40000 443`. */
function readLine(first: Uint8Array): ProxyHeader {
  const text = Buffer.from(first.subarray(0, maxLineBytes)).toString('latin1')
  const end = text.indexOf('\r\n')
  if (end < 0) {
    if (first.length < maxLineBytes) return { kind: 'more' }
    return malformed(`its line is longer than ${maxLineBytes} bytes`)
  }
  const length = end + 2
  const [, family, source = '', destination = '', ...ports] = text.slice(0, end).split(' ')
  if (family === 'UNKNOWN') return { kind: 'header', length, source: undefined }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  if (isAddress === undefined) return malformed('its family is none of TCP4, TCP6 and UNKNOWN')
  if (ports.length !== 2 || !isAddress(source) || !isAddress(destination) || !ports.every(isPort)) {
    return malformed('its addresses or ports are not valid')
  }
  return { kind: 'header', length, source: shown(source, Number(ports[0])) }
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

/** Version 2. What stands behind the addresses (TLV) is not read. */
function readBinary(first: Uint8Array): ProxyHeader {
  if (first.length < fixedBytes) return { kind: 'more' }
  const [version, command] = [first[12]! >> 4, first[12]! & 0x0f]
  if (version !== 2) return malformed(`its version is ${version}`)
  if (command > 1) return malformed(`its command is ${command}`)
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength)
  const size = view.getUint16(14)
  const length = fixedBytes + size
  if (length > maxProxyHeaderBytes) return malformed(`it is longer than ${maxProxyHeaderBytes} bytes`)
  if (first.length < length) return { kind: 'more' }
  const family = first[13]
  // TCP over IPv4 and over IPv6; for others and for LOCAL the addresses have no meaning.
  const addressBytes = command === 0 ? undefined : family === 0x11 ? 4 : family === 0x21 ? 16 : undefined
  if (addressBytes === undefined) return { kind: 'header', length, source: undefined }
  if (size < 2 * addressBytes + 4) return malformed('it is too short for its addresses')
  const bytes = first.subarray(fixedBytes, fixedBytes + addressBytes)
  const host = addressBytes === 4 ? bytes.join('.') : ipv6Text(bytes)
  return { kind: 'header', length, source: shown(host, view.getUint16(fixedBytes + 2 * addressBytes)) }
}

function ipv6Text(bytes: Uint8Array): string {
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
  return groups.join(':')
}

/** As the address of a socket is shown: IPv6 in its shortest form (RFC 5952), IPv4 also where it came inside IPv6. */
function shown(host: string, port: number): string {
  if (isIPv4(host)) return formatHostPort(host, port)
  const shortest = new URL(`http://[${host.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(shortest)?.slice(1)
  if (mapped === undefined) return formatHostPort(shortest, port)
  const groups = mapped.map((group) => Number.parseInt(group, 16))
  return formatHostPort(groups.map((group) => `${group >> 8}.${group & 0xff}`).join('.'), port)
}

function malformed(why: string): ProxyHeader {
  return { kind: 'malformed', why }
}
