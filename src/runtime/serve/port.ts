/** Port: takes accepted sockets through TLS and sniffing to the wire that speaks what they speak. */

import type { Peer } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import { nextId } from '../core/ids.ts'
import type { Router } from '../core/router.ts'
import type { WireConnection } from '../core/wire.ts'
import { foreignProtocolHint } from '../net/foreign-protocol.ts'
import type { BoundAddress } from '../net/listen.ts'
import { peerOf } from '../net/peer.ts'
import { matchProxyHeader } from '../net/proxy-protocol.ts'
import type { Socket } from '../net/socket.ts'
import type { ServerTlsOptions } from '../net/tls.ts'
import { type TlsUpgrade, tlsUpgrade } from '../net/tls-server.ts'
import { type FirstBytesLimits, readFirstBytes } from './first-bytes.ts'
import { noHttp1, refuseHttp1 } from './http1-refusal.ts'
import { matchHttp1 } from './http1-sniff.ts'
import { PlaintextRefusal } from './plaintext-refusal.ts'
import type { PortWire } from './port-wire.ts'
import { ProxyHeaders } from './proxy-headers.ts'
import { ThrottledReport } from './throttled-report.ts'

/** Limits of the connections of a port. */
export interface PortLimits {
  /** Connections at most; more are closed at once. Default: no limit. */
  readonly maxConnections?: number | undefined
  /** Milliseconds from its first byte until a new connection must have shown what it speaks, not counting TLS. Default 10,000. */
  readonly firstBytesTimeoutMs?: number | undefined
  /**
   * Milliseconds until the first byte of a connection. It is as idle as one that has had its calls: clients open connections
   * before they need them. Default 600,000.
   */
  readonly silentTimeoutMs?: number | undefined
}

/** What a port is made of. */
export interface PortOptions {
  readonly router: Router
  readonly wires: readonly PortWire[]
  readonly tls: ServerTlsOptions | undefined
  /** Whether TCP connections without TLS are served beside those with TLS. */
  readonly plaintext: boolean
  /** Whether connections begin with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean
  readonly limits: PortLimits
  /** Hears of failures that belong to no call. */
  readonly onError: (error: unknown) => void
}

/** A connection that a wire has taken. */
export interface Taken {
  readonly id: number
  /** When it was taken, by `Date.now()`. */
  readonly since: number
  readonly wire: string
  readonly peer: Peer
  readonly connection: WireConnection
}

/** Where a socket came from, beside its own address. */
interface Origin {
  /** The path of the Unix socket that it was accepted on. */
  readonly unixPath: string | undefined
  /** The client whose connection a load balancer passes on. */
  readonly source: string | undefined
}

/** How a socket came here. */
interface Arrival {
  /** A TLS handshake may follow. */
  readonly takesTls?: boolean
  /** Refuses what is not TLS. */
  readonly refusal?: PlaintextRefusal | undefined
  /** Takes it when it is HTTP/1.1. */
  readonly http1?: () => void
}

type Target = PortWire | typeof tlsTarget | typeof http1Target
const tlsTarget = { name: 'tls' } as const
const http1Target = { name: 'http/1.1' } as const
const isHttp1 = (target: Target): boolean => target.name === http1Target.name
const tlsHandshakeRecord = 0x16
/** How long a drain waits for the first bytes of connections that have just been made. */
const arrivalMs = 250

/** Owns every connection of a server, from accept to close. */
export class Port {
  readonly #options: PortOptions
  readonly #tls: TlsUpgrade | undefined
  /** Sockets that no wire has taken yet. */
  readonly #arriving = new Set<Socket>()
  /** Sockets under TLS; how many of them have ended their handshake is counted, for then another socket stands for them. */
  readonly #encrypted = new Set<Socket>()
  #secure = 0
  readonly #connections = new Set<Taken>()
  readonly #origins = new WeakMap<Socket, Origin>()
  /** The same for sockets under TLS, of which node:tls tells only the addresses of both ends. */
  readonly #originsByEnds = new Map<string, Origin>()
  /** The ports that are bound to a loopback address. */
  readonly #loopbackPorts = new Set<number>()
  readonly #proxyHeaders: ProxyHeaders | undefined
  readonly #unknownProtocols: ThrottledReport
  readonly #refusedHandshakes: ThrottledReport
  /** Present where connections must use TLS. */
  readonly #plaintextRefusal: PlaintextRefusal | undefined
  #closing = false
  #destroyed = false
  /** Runs when no connection is on its way to a wire. */
  #onArrived: (() => void) | undefined

  constructor(options: PortOptions) {
    this.#options = options
    const { tls, plaintext, proxyProtocol, onError } = options
    this.#proxyHeaders = proxyProtocol ? new ProxyHeaders(onError) : undefined
    this.#unknownProtocols = new ThrottledReport(onError)
    this.#plaintextRefusal = tls === undefined || plaintext ? undefined : new PlaintextRefusal(onError)
    const alpn = [...new Set([...options.wires.flatMap((wire) => wire.alpn), 'http/1.1'])]
    this.#refusedHandshakes = new ThrottledReport(onError)
    this.#tls =
      tls === undefined
        ? undefined
        : tlsUpgrade(
            tls,
            alpn,
            (socket, chosen) => this.#secured(socket, chosen),
            (socket, reason) => this.#refusedHandshake(socket, reason),
          )
  }

  /** Connections, of which some may still be at their handshake. */
  get size(): number {
    return this.#arriving.size + this.#connections.size + this.#encrypted.size - this.#secure
  }

  /** Tells of an address whose sockets come here. */
  listens({ host, port }: BoundAddress): void {
    if (host !== undefined && isLoopback(host)) this.#loopbackPorts.add(port!)
  }

  /** Takes an accepted, paused socket; `unixPath` is set where it came over a Unix socket. */
  accept(socket: Socket, unixPath?: string): void {
    const { maxConnections } = this.#options.limits
    if (this.#closing || (maxConnections !== undefined && this.size >= maxConnections)) {
      socket.destroy()
      return
    }
    if (unixPath !== undefined) this.#origins.set(socket, { unixPath, source: undefined })
    this.#arrive(socket)
    const arrival: Arrival = {
      takesTls: this.#tls !== undefined,
      refusal: unixPath === undefined ? this.#plaintextRefusal : undefined,
    }
    if (this.#proxyHeaders === undefined) this.#sniff(socket, arrival)
    else
      this.#proxyHeaders.read(socket, unixPath, this.#firstBytesLimits).then((proxied) => {
        if (proxied === undefined) return
        this.#origins.set(socket, { unixPath, source: proxied.source })
        this.#sniff(socket, arrival)
      })
  }

  /**
   * Takes a socket that an HTTP server has accepted, after its TLS. What speaks HTTP/1.1 goes to `http1`, with the bytes
   * that were read put back.
   */
  adopt(socket: Socket, http1: () => void): void {
    if (this.#closing) {
      http1()
      return
    }
    this.#arrive(socket)
    this.#sniff(socket, { http1 })
  }

  /** TLS of handshakes from now on. Throws RpcError FAILED_PRECONDITION on a port without TLS. */
  reloadTls(options: ServerTlsOptions): void {
    if (this.#tls === undefined) throw new RpcError('FAILED_PRECONDITION', 'the server was made without TLS')
    this.#tls.reload(options)
  }

  /** The connections that a wire has taken. */
  get connections(): Iterable<Taken> {
    return this.#connections.values()
  }

  /**
   * Lets every connection finish its calls; resolves when all are closed. One whose first bytes are on their way is still
   * taken, those that stay silent are dropped.
   */
  async drain(): Promise<void> {
    this.#closing = true
    const drained = [...this.#connections].map(({ connection }) => connection.drain())
    if (this.#onTheirWay > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, arrivalMs)
        this.#onArrived = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      for (const socket of this.#arriving) socket.destroy()
      // Their own wires have been told to drain them; this only waits.
      drained.push(...[...this.#connections].map(({ connection }) => connection.drain()))
    }
    await Promise.all(drained)
  }

  destroy(): void {
    this.#closing = true
    this.#destroyed = true
    for (const { connection } of [...this.#connections]) connection.destroy()
    for (const sockets of [this.#arriving, this.#encrypted]) for (const socket of sockets) socket.destroy()
  }

  /** Sockets that no wire has taken, and those at their handshake. */
  get #onTheirWay(): number {
    return this.#arriving.size + this.#encrypted.size - this.#secure
  }

  #arrive(socket: Socket): void {
    this.#arriving.add(socket)
    socket.on('error', ignore)
    socket.once('close', () => this.#arrived(socket))
  }

  #arrived(socket: Socket): void {
    this.#arriving.delete(socket)
    if (this.#onArrived !== undefined && this.#onTheirWay === 0) this.#onArrived()
  }

  #sniff(socket: Socket, { takesTls = false, refusal, http1 }: Arrival): void {
    readFirstBytes<Target>(socket, this.#firstBytesLimits, (first) => this.#recognise(first, takesTls)).then(
      (outcome) => {
        if (outcome.kind === 'known' && (http1 === undefined || !isHttp1(outcome.what))) {
          this.#hand(socket, outcome.first, outcome.what, refusal)
        } else if (outcome.kind !== 'gone' && http1 !== undefined) {
          this.#arrived(socket)
          socket.unshift(outcome.first)
          http1()
          socket.resume()
        } else {
          if (outcome.kind === 'unknown') this.#unknownProtocol(socket, outcome.first)
          socket.destroy()
        }
      },
    )
  }

  get #firstBytesLimits(): FirstBytesLimits {
    const { firstBytesTimeoutMs: timeoutMs = 10_000, silentTimeoutMs: silentMs = 600_000 } = this.#options.limits
    return { silentMs, timeoutMs }
  }

  #peerOf(socket: Socket): Peer {
    const byEnds = this.#originsByEnds.size === 0 ? undefined : this.#originsByEnds.get(endsOf(socket))
    const origin = this.#origins.get(socket) ?? byEnds
    return peerOf(socket, origin?.unixPath, origin?.source)
  }

  /** Connections of a load balancer are none of a browser on this machine. */
  #isOnLoopback({ localAddress, localPort }: Socket): boolean {
    if (this.#proxyHeaders !== undefined) return false
    return this.#loopbackPorts.has(localPort ?? -1) && isLoopback(localAddress ?? '')
  }

  #unknownProtocol(socket: Socket, first: Uint8Array): void {
    this.#unknownProtocols.report((more) => {
      const { address } = this.#peerOf(socket)
      const shown = Buffer.from(first.subarray(0, 8)).toString('hex')
      const text = `the client ${address}${more} speaks no protocol of this port; its first bytes: ${shown}`
      return new RpcError('INVALID_ARGUMENT', `${text}${foreignProtocolHint(first)}`, { stack: false })
    })
  }

  #refusedHandshake(socket: Socket, reason: string): void {
    this.#refusedHandshakes.report((more) => {
      // node:tls reports some refusals when the socket has closed, and then has no address.
      const who = socket.remoteAddress === undefined ? 'a client' : this.#peerOf(socket).address
      return new RpcError('UNAUTHENTICATED', `refused the TLS handshake of ${who}${more}: ${reason}`, { stack: false })
    })
  }

  #recognise(first: Uint8Array, takesTls: boolean): Target | 'more' | undefined {
    if (first[0] === tlsHandshakeRecord) return takesTls ? tlsTarget : undefined
    const proxyHeader = matchProxyHeader(first)
    if (proxyHeader !== 'no') return proxyHeader === 'more' ? 'more' : undefined
    let more = false
    for (const wire of this.#options.wires) {
      const match = wire.match(first)
      if (match === 'yes') return wire
      if (match === 'more') more = true
    }
    const http1 = matchHttp1(first)
    if (http1 === 'yes') return http1Target
    return more || http1 === 'more' ? 'more' : undefined
  }

  #hand(socket: Socket, first: Uint8Array, target: Target, refusal: PlaintextRefusal | undefined): void {
    if (socket.destroyed) return
    if (target === tlsTarget) this.#encrypt(socket, first)
    else if (refusal !== undefined) refusal.refuse(socket, this.#peerOf(socket), first, target, this.#options.router)
    else if (target === http1Target) this.#refuseHttp1(socket)
    else this.#connect(socket, first, target as PortWire, undefined)
  }

  #refuseHttp1(socket: Socket): void {
    const error = new RpcError('UNIMPLEMENTED', noHttp1.text, { stack: false })
    const peer = this.#peerOf(socket)
    this.#options.router.refused({ peer, service: undefined, method: undefined, error, httpStatus: 501 })
    refuseHttp1(socket, noHttp1)
  }

  #connect(socket: Socket, first: Uint8Array, portWire: PortWire, alpn: string | undefined): void {
    portWire.load().then(
      (wire) => {
        if (socket.destroyed || this.#destroyed) {
          socket.destroy()
          return
        }
        const peer = this.#peerOf(socket)
        const onLoopback = this.#isOnLoopback(socket)
        const connection = wire.accept({ socket, peer, alpn, onLoopback }, first, this.#options.router)
        const taken: Taken = { id: nextId(), since: Date.now(), wire: wire.name, peer, connection }
        this.#connections.add(taken)
        socket.once('close', () => this.#connections.delete(taken))
        if (this.#closing) void connection.drain()
        this.#arrived(socket)
      },
      (error: unknown) => {
        this.#options.onError(error)
        socket.destroy()
      },
    )
  }

  #encrypt(socket: Socket, first: Uint8Array): void {
    this.#arriving.delete(socket)
    this.#encrypted.add(socket)
    socket.once('close', () => this.#encrypted.delete(socket))
    const origin = this.#origins.get(socket)
    if (origin?.source !== undefined && origin.unixPath === undefined) {
      const ends = endsOf(socket)
      this.#originsByEnds.set(ends, origin)
      socket.once('close', () => this.#originsByEnds.delete(ends))
    }
    this.#tls?.start(socket, first)
  }

  #secured(socket: Socket, alpn: string | undefined): void {
    this.#secure++
    socket.once('close', () => this.#secure--)
    this.#arrive(socket)
    if (this.#destroyed) {
      socket.destroy()
      return
    }
    const wire = alpn === undefined ? undefined : this.#options.wires.find((one) => one.alpn.includes(alpn))
    if (wire === undefined && alpn === 'http/1.1') this.#refuseHttp1(socket)
    else if (wire === undefined) this.#sniff(socket, {})
    else this.#connect(socket, new Uint8Array(0), wire, alpn)
  }
}

/** The addresses of both ends, which no other open TCP connection shares. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^(?:::ffff:)?127\./.test(host)
}

const ignore = (): void => {}
