/** grpcWeb(): the Transport of a browser, or of whatever else has `fetch`. */

import type { Context } from '../../core/context/context.ts'
import type { Service } from '../../core/context/service.ts'
import { defaultDrainMs, drainFor } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import { streamsRequest } from '../../core/method-kind.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { Transport } from '../../core/transport.ts'
import { packageVersion } from '../../core/version.ts'
import { defaultMaxReceiveBytes } from '../framing.ts'
import { headerText } from '../metadata.ts'
import { type Fetch, GrpcWebCall, type WebMethod, type WebSettings } from './web-call.ts'

/** Options of {@link grpcWeb}; everything is optional. */
export interface GrpcWebOptions {
  /** This service's own name, sent as `source-service`. */
  readonly caller?: string | undefined
  /** The called service's name, sent as `destination-service`. */
  readonly callee?: string | undefined
  /** Whether cookies go along to other sites, as `fetch` has it. Default `same-origin`. */
  readonly credentials?: 'omit' | 'same-origin' | 'include' | undefined
  /** The text form (base64), for what stands between and does not let bytes through. Default false. */
  readonly text?: boolean | undefined
  /** Largest message to take, in bytes. Default 4 MiB. */
  readonly maxReceiveBytes?: number | undefined
  /** Largest message to send, in bytes. Default: no limit. */
  readonly maxSendBytes?: number | undefined
  /** What stands in for the global `fetch`. */
  readonly fetch?: Fetch | undefined
}

/**
 * A transport by gRPC-web over `fetch`: unary and server streaming calls; the other two kinds fail as UNIMPLEMENTED,
 * for browsers do not stream requests. `baseUrl` is where the services are: `https://api.example` or, with a path,
 * `https://example/api`. Throws RpcError INVALID_ARGUMENT when it is none. Calls that reach no server fail as
 * UNAVAILABLE; a browser does not say whether the network, the name or CORS stood in the way.
 */
export function grpcWeb(baseUrl: string | URL, options: GrpcWebOptions = {}): Transport {
  const base = parseBase(baseUrl)
  const { caller, callee, text = false } = options
  const type = text ? 'application/grpc-web-text+proto' : 'application/grpc-web+proto'
  const headers: readonly string[] = [
    ...['content-type', type, 'accept', type, 'x-grpc-web', '1', 'x-user-agent', `grpc-web-volo-ts/${packageVersion}`],
    ...(caller === undefined ? [] : ['source-service', headerText(caller, 'caller')]),
    ...(callee === undefined ? [] : ['destination-service', headerText(callee, 'callee')]),
  ]
  const running = new Set<GrpcWebCall>()
  let isClosed = false
  const settings: WebSettings = {
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    credentials: options.credentials ?? 'same-origin',
    isText: text,
    maxReceiveBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? Number.POSITIVE_INFINITY,
    running,
  }
  return {
    bind(service: ServiceType): Service {
      if (service.idl !== 'protobuf') {
        throw new RpcError(
          'INVALID_ARGUMENT',
          `${service.fullName} is a Thrift service, and gRPC-web carries protobuf; use thrift() for it, which needs Node.js`,
        )
      }
      const methods = new Map<MethodType, WebMethod>()
      for (const method of service.methods) {
        methods.set(method, { url: `${base}/${service.fullName}/${method.name}`, headers })
      }
      return (cx: Context, request: unknown) => {
        if (isClosed)
          return Promise.reject(new RpcError('UNAVAILABLE', 'the transport is closed', { bytesSent: false }))
        if (streamsRequest(cx.method.kind)) return Promise.reject(noRequestStreams(cx.method))
        return new GrpcWebCall(settings, methods.get(cx.method)!, cx).run(request)
      }
    },
    async close({ drainMs = defaultDrainMs } = {}): Promise<void> {
      isClosed = true
      if (drainMs > 0 && running.size > 0) {
        await drainFor(Promise.all([...running].map((call) => call.done)), drainMs)
      }
      for (const call of [...running]) call.stop(new RpcError('UNAVAILABLE', 'the transport was closed'))
    },
  }
}

function noRequestStreams({ name }: MethodType): RpcError {
  return new RpcError('UNIMPLEMENTED', `${name} streams its requests, which gRPC-web cannot`, { bytesSent: false })
}

function parseBase(baseUrl: string | URL): string {
  const text = String(baseUrl).replace(/\/+$/, '')
  if (text === '' || text.startsWith('/')) return text
  try {
    const { protocol } = new URL(text)
    if (protocol === 'http:' || protocol === 'https:') return text
  } catch {
    // Falls through to the message.
  }
  throw new RpcError(
    'INVALID_ARGUMENT',
    `"${text}" is no URL; write https://api.example, or /api for the page's own site`,
  )
}
