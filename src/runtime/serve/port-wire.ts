/** The wires that a port can speak, each loaded when it is first needed. */

import type { Peer } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import type { Router } from '../core/router.ts'
import type { Wire, WireMatch } from '../core/wire.ts'
import type { HttpAccept } from '../grpc/server/call-acceptor.ts'
import type { GrpcWireOptions } from '../grpc/server/wire.ts'
import type { ServerSocket } from '../net/server-socket.ts'
import type { ThriftWireOptions } from '../thrift/server/options.ts'
import { matchThrift } from '../thrift/sniff.ts'
import type { ServerHttpOptions } from './http1.ts'
import { matchHttp1 } from './http1-sniff.ts'
import { ThrottledReport } from './throttled-report.ts'

/** A wire that can say what it recognises before its code is loaded. */
export interface PortWire {
  readonly name: string
  /** The services that it carries. */
  readonly idl: 'thrift' | 'protobuf'
  readonly alpn: readonly string[]
  match(first: Uint8Array): WireMatch
  load(): Promise<Wire<ServerSocket>>
}

/** Options of the wires of a port. */
export interface PortWireOptions {
  readonly thrift?: ThriftWireOptions | undefined
  readonly grpc?: GrpcWireOptions | undefined
  readonly http?: ServerHttpOptions | undefined
  /** Hears of failures that belong to no call. */
  readonly onError: (error: unknown) => void
}

const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Thrift and gRPC, and HTTP/1.1 where it is asked for. */
export function portWires(options: PortWireOptions): readonly PortWire[] {
  const { grpc, http } = options
  const unreadable = new ThrottledReport(options.onError)
  const onUnreadable = (peer: Peer, cause: RpcError): void =>
    unreadable.report((more) => {
      const text = `the Thrift client ${peer.address}${more} is not read further: ${cause.message}`
      return new RpcError(cause.code, text, { cause, stack: false })
    })
  const wires: PortWire[] = [
    {
      name: 'thrift',
      idl: 'thrift',
      alpn: [],
      match: matchThrift,
      load: once(async () =>
        (await import('../thrift/server/wire.ts')).thriftWire({ ...options.thrift, onUnreadable }),
      ),
    },
    {
      name: 'grpc',
      idl: 'protobuf',
      alpn: ['h2'],
      match: matchHttp2,
      load: once(async () => {
        const { grpcWire } = await import('../grpc/server/wire.ts')
        return grpcWire(grpc, http && (await httpAcceptOf(http)))
      }),
    },
  ]
  if (http !== undefined) {
    wires.push({
      name: 'http/1.1',
      idl: 'protobuf',
      alpn: ['http/1.1'],
      match: matchHttp1,
      load: once(async () => (await import('./http1.ts')).http1Wire(http, grpc ?? {}, options.onError)),
    })
  }
  return wires
}

async function httpAcceptOf(http: ServerHttpOptions): Promise<HttpAccept> {
  const [{ httpAccept }, { thriftJson }] = await Promise.all([
    import('../grpc/web/http-accept.ts'),
    import('./thrift-json.ts'),
  ])
  return httpAccept(http, thriftJson)
}

/** Loads the wires of the services there are, so that the first call does not wait for them. */
export async function loadWires(wires: readonly PortWire[], router: Router): Promise<void> {
  const needed = wires.filter((wire) => router.services.some((service) => service.idl === wire.idl))
  await Promise.all(needed.map((wire) => wire.load()))
}

/** The connection preface of HTTP/2 (RFC 9113 section 3.4), whole: who sends half of it is subject to the time limit. */
function matchHttp2(first: Uint8Array): WireMatch {
  const length = Math.min(first.length, http2Preface.length)
  for (let i = 0; i < length; i++) if (first[i] !== http2Preface[i]) return 'no'
  return length < http2Preface.length ? 'more' : 'yes'
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
