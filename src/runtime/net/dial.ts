/** Dialling: one connected socket, plain or TLS, within a time limit, or one error that says what to check. */

import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Peer } from '../core/context/context.ts'
import { delayOf } from '../core/context/delay.ts'
import { RpcError } from '../core/error.ts'
import { type Address, formatAddress } from './address.ts'
import { type HttpProxy, parseProxy, requestTunnel } from './connect-proxy.ts'
import { peerOf } from './peer.ts'
import { type ClientTlsOptions, clientTls } from './tls.ts'
import { tlsReason } from './tls-failure.ts'

/** How to dial. */
export interface DialOptions {
  /** Milliseconds until the connection must stand, name lookup and TLS handshake included. Default 3,000. */
  readonly connectTimeoutMs?: number | undefined
  readonly tls?: ClientTlsOptions | undefined
  /** ALPN protocols to offer over TLS. Default none. */
  readonly alpn?: readonly string[] | undefined
  /** Milliseconds of silence before the kernel probes the peer; 0 turns it off. Default 30,000. */
  readonly keepAliveMs?: number | undefined
  /** An HTTP proxy to reach the address through, by CONNECT; Unix sockets are reached without it. */
  readonly proxy?: HttpProxy | undefined
  /** Gives the dialling up. */
  readonly signal?: AbortSignal | undefined
}

/** A dialled connection. The socket is paused, with no-delay set. */
export interface Dialed {
  readonly socket: Socket
  readonly peer: Peer
  readonly alpn: string | undefined
}

type TcpAddress = Extract<Address, { kind: 'tcp' }>

/** The default of {@link DialOptions.connectTimeoutMs}. */
export const defaultConnectTimeoutMs = 3_000

/**
 * Connects. Rejects with RpcError UNAVAILABLE (`bytesSent: false`, so a retry is safe) that names address and reason,
 * or CANCELLED when `signal` aborts.
 */
export function dial(address: Address, options: DialOptions = {}): Promise<Dialed> {
  if (address.kind === 'fd') {
    return Promise.reject(new RpcError('INVALID_ARGUMENT', 'cannot dial a file descriptor; { fd } is for listening'))
  }
  if (options.proxy !== undefined && address.kind === 'tcp') return dialThrough(options.proxy, address, options)
  const way: Way = {
    shown: formatAddress(address),
    secure: options.tls !== undefined,
    path: address.kind === 'unix' ? address.path : undefined,
    open: () => open(address, options),
  }
  return establish(way, options.connectTimeoutMs ?? defaultConnectTimeoutMs, options.signal)
}

/** Dials a proxy, has it make the connection, and speaks TLS through that where it is asked for; within one time limit. */
async function dialThrough(proxy: HttpProxy, address: TcpAddress, options: DialOptions): Promise<Dialed> {
  const limit = options.connectTimeoutMs ?? defaultConnectTimeoutMs
  const until = performance.now() + limit
  const left = (): number => Math.max(0, until - performance.now())
  const { signal } = options
  const { address: proxyAddress, tls: proxyTls, authorization } = parseProxy(proxy)
  const shown = `${formatAddress(address)} through the proxy ${formatAddress(proxyAddress)}`
  const toProxy = open(proxyAddress, { ...options, tls: proxyTls, alpn: undefined })
  const way: Way = { shown, secure: proxyTls !== undefined, path: undefined, open: () => toProxy }
  const { socket, peer } = await establish(way, limit, signal)
  await requestTunnel(
    socket,
    { host: address.host ?? 'localhost', port: address.port, authorization },
    left(),
    signal,
  ).catch((error: Error) => {
    socket.destroy()
    throw signal?.aborted === true ? given(shown) : unavailable(shown, error.message, error)
  })
  if (options.tls === undefined) return { socket, peer: { ...peer, address: formatAddress(address) }, alpn: undefined }
  const tls = clientTls(options.tls, address.host, options.alpn ?? [])
  const dialed = await establish(
    { shown, secure: true, path: undefined, open: () => connectTls({ ...tls, socket }) },
    left(),
    signal,
  )
  return { ...dialed, peer: { ...dialed.peer, address: formatAddress(address) } }
}

/** A way to a socket. */
interface Way {
  /** Where it leads, for messages. */
  readonly shown: string
  /** It stands when TLS does. */
  readonly secure: boolean
  /** Of a Unix socket. */
  readonly path: string | undefined
  readonly open: () => Socket
}

/** Opens a socket and waits until it stands. */
function establish(
  { shown, secure, path, open: openSocket }: Way,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Dialed> {
  if (signal?.aborted) return Promise.reject(given(shown))
  return new Promise<Dialed>((resolve, reject) => {
    const socket = openSocket()
    let settled = false
    const onTime = (): void => {
      if (!settled) fail(unavailable(shown, `no connection within ${limit} ms`, undefined))
    }
    // A connection that came while this process was busy is taken before time is called.
    const timer = setTimeout(() => setImmediate(onTime), delayOf(limit))
    const onAbort = (): void => fail(given(shown))
    const onClose = (): void => fail(unavailable(shown, 'closed by the peer while connecting', undefined))
    const onError = (error: Error): void => fail(unavailable(shown, reasonOf(error), error))
    const settle = (): void => {
      settled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('close', onClose)
      socket.off(secure ? 'secureConnect' : 'connect', onReady)
    }
    const fail = (error: RpcError): void => {
      settle()
      socket.destroy()
      reject(error)
    }
    const onReady = (): void => {
      settle()
      socket.off('error', onError)
      socket.pause()
      const alpn = secure ? (socket as TLSSocket).alpnProtocol : false
      resolve({
        socket,
        peer: peerOf(socket, path),
        alpn: typeof alpn === 'string' ? alpn : undefined,
      })
    }
    signal?.addEventListener('abort', onAbort)
    socket.on('close', onClose)
    socket.on('error', onError)
    socket.on(secure ? 'secureConnect' : 'connect', onReady)
  })
}

function open(address: Exclude<Address, { kind: 'fd' }>, options: DialOptions): Socket {
  const keepAliveMs = options.keepAliveMs ?? 30_000
  const keepAlive = keepAliveMs > 0 ? { keepAlive: true, keepAliveInitialDelay: keepAliveMs } : {}
  const target =
    address.kind === 'unix'
      ? { path: address.path }
      : { host: address.host ?? 'localhost', port: address.port, noDelay: true, autoSelectFamily: true, ...keepAlive }
  if (options.tls === undefined) return connect(target)
  const host = address.kind === 'tcp' ? address.host : undefined
  return connectTls({ ...target, ...clientTls(options.tls, host, options.alpn ?? []) })
}

function unavailable(shown: string, reason: string, cause: Error | undefined): RpcError {
  return new RpcError('UNAVAILABLE', `cannot connect to ${shown}: ${reason}`, {
    bytesSent: false,
    ...(cause === undefined ? {} : { cause }),
  })
}

function given(shown: string): RpcError {
  return new RpcError('CANCELLED', `connecting to ${shown} was given up`, { bytesSent: false })
}

const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; is the server running and listening there?',
  ENOTFOUND: 'the host name is unknown; check its spelling and the DNS',
  EAI_AGAIN: 'the host name could not be looked up; check the DNS',
  ENOENT: 'there is no such socket file; is the server running?',
  EACCES: 'no permission; check the file mode of the socket',
  ETIMEDOUT: 'no answer; check the address and the firewall',
  EHOSTUNREACH: 'the host cannot be reached; check the address and the route',
  ENETUNREACH: 'the network cannot be reached; check the address and the route',
  ECONNRESET: 'the peer reset the connection; does this port speak what the client does (TLS or plain)?',
  EMFILE: 'this process has too many open files; raise its limit or use fewer connections',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed; name it in `tls.ca`',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority of the certificate is not trusted; name it in `tls.ca`',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority of the certificate is not trusted; name it in `tls.ca`',
}

/** What went wrong with a socket, in words, and what to check where that is known. */
export function reasonOf(error: Error): string {
  const failures: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  const first = failures.find((failure) => failure instanceof Error) as NodeJS.ErrnoException | undefined
  const code = first?.code
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { host } = first as { readonly host?: string }
    return `the certificate is not for ${host}; check the address or set \`tls.servername\` (${code})`
  }
  const known = code === undefined ? undefined : advice[code]
  if (known !== undefined) return `${known} (${code})`
  const tls = first === undefined ? undefined : tlsReason(first, 'client')
  if (tls !== undefined) return tls
  return first?.message ?? error.message
}
