/** Addresses: where to listen and whom to dial, in every form that people write them. */

import { isIPv6 } from 'node:net'
import { RpcError } from '../core/error.ts'

/**
 * An address as people write it: `127.0.0.1:8080`, `shop.internal:8080`, `[::1]:8080`, `:8080` (every interface when
 * listening, this machine when dialling), a port number or its digits, `unix:/run/shop.sock`, or the object forms.
 * `dns:///shop.internal:8080`, as gRPC writes it (https://github.com/grpc/grpc/blob/master/doc/naming.md), is the same as
 * `shop.internal:8080`: all addresses of the name are tried in turn until one answers. `fd` is an inherited listening socket and can only be listened on.
 */
export type AddressInit =
  | string
  | number
  | { readonly host?: string | undefined; readonly port: number }
  | { readonly path: string }
  | { readonly fd: number }

/** A parsed address. `host` is undefined where only a port was named. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number }

/** Parses an address. Throws RpcError INVALID_ARGUMENT that quotes the input and names the accepted forms. */
export function parseAddress(init: AddressInit): Address {
  if (typeof init === 'number') return tcp(undefined, init, init)
  if (typeof init === 'string') return parseText(init)
  if (typeof init === 'object' && init !== null) {
    if ('fd' in init && Number.isInteger(init.fd) && init.fd >= 0) return { kind: 'fd', fd: init.fd }
    if ('path' in init && typeof init.path === 'string' && init.path !== '') return unix(init.path)
    if ('port' in init) return tcp(init.host === '' ? undefined : init.host, init.port, init)
  }
  throw invalid(init)
}

/** The text form of an address: `127.0.0.1:80`, `[::1]:80`, `:80`, `unix:/path`, `fd:3`. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  if (address.kind === 'fd') return `fd:${address.fd}`
  return formatHostPort(address.host ?? '', address.port)
}

/** `host:port` with brackets around an IPv6 host. */
export function formatHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

function parseText(text: string): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice(5).replace(/^\/\/(?=\/)/, '')
    if (path === '') throw invalid(text)
    return unix(path)
  }
  const dns = /^dns:(?:\/\/([^/]*)\/|(?=[^/]*:))(.*)$/i.exec(text)
  if (dns !== null) return parseDns(text, dns[1] ?? '', dns[2]!)
  const url = /^([a-z][\w+.-]*):\/\/\/?([^/\s]+)/i.exec(text)
  if (url !== null) throw invalid(text, `; an address has no scheme: "${url[2]}"`)
  return parseHostPort(text, text)
}

/** The name behind `dns:`, which must have a port. */
function parseDns(text: string, nameServer: string, name: string): Address {
  if (nameServer !== '') throw invalid(text, `; a name server cannot be chosen: "dns:///${name}"`)
  if (/^[^:/\s]+$|^\[[^\]]*\]$/.test(name)) throw invalid(text, `; name the port: "dns:///${name}:443"`)
  return parseHostPort(name, text)
}

/** `text`: the whole address, for messages. */
function parseHostPort(hostPort: string, text: string): Address {
  const match = /^(?:(?:\[([^\]]+)\]|([^:/[\]\s]*)):)?(\d{1,5})$/.exec(hostPort)
  if (match === null) throw invalid(text)
  if (match[1] !== undefined && !isIPv6(match[1].replace(/%.*$/, ''))) throw invalid(text)
  return tcp(match[1] ?? (match[2] === '' ? undefined : match[2]), Number(match[3]), text)
}

function tcp(host: string | undefined, port: number, init: AddressInit): Address {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw invalid(init)
  return { kind: 'tcp', host, port }
}

/** Bytes of a socket's path that the kernel keeps (sun_path without its final zero, Linux: unix(7)). */
const maxPathBytes = 107

function unix(path: string): Address {
  const size = Buffer.byteLength(path)
  // Pipes of Windows have no such limit.
  if (size > maxPathBytes && !path.startsWith('\\\\')) {
    const text = `the path of a Unix socket has ${size} bytes and may have ${maxPathBytes}: ${path}`
    throw new RpcError('INVALID_ARGUMENT', text)
  }
  return { kind: 'unix', path }
}

function invalid(init: AddressInit, hint = ''): RpcError {
  const shown = typeof init === 'string' ? `"${init}"` : JSON.stringify(init)
  return new RpcError(
    'INVALID_ARGUMENT',
    `invalid address ${shown}: write "host:port", "[ipv6]:port", ":port", a port from 0 to 65535, "unix:/path", { host, port }, { path } or { fd }${hint}`,
  )
}
