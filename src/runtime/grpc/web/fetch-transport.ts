/** fetchTransport(): the Transport of a browser, or of whatever else has `fetch`. */

import type { Service } from '../../core/context/service.ts'
import { defaultDrainMs, drainFor } from '../../core/drain.ts'
import { RpcError } from '../../core/error.ts'
import { streamsRequest } from '../../core/method-kind.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { Transport } from '../../core/transport.ts'
import { GrpcClientCall } from '../client/call.ts'
import type { BoundMethod, CallSettings } from '../client/call-settings.ts'
import type { Dialect } from '../client/dialect.ts'
import type { MethodCodec } from '../codec.ts'
import { compressFromBytes } from '../compressor.ts'
import { defaultMaxReceiveBytes } from '../framing.ts'
import { headerText } from '../metadata.ts'
import { FetchConnection } from './fetch-connection.ts'
import { type Fetch, streamsRequestBodies } from './fetch-stream.ts'
import { streamCompressor } from './stream-compressor.ts'

/** What transports over `fetch` can be told; everything is optional. */
export interface FetchOptions {
  /** This service's own name, sent as `source-service`. */
  readonly caller?: string | undefined
  /** The called service's name, sent as `destination-service`. */
  readonly callee?: string | undefined
  /** Whether cookies go along to other sites, as `fetch` has it. Default `same-origin`. */
  readonly credentials?: 'omit' | 'same-origin' | 'include' | undefined
  /** Largest message to take, in bytes, before and after decompression. Default 4 MiB. */
  readonly maxReceiveBytes?: number | undefined
  /** Largest message to send, in bytes. Default: no limit. */
  readonly maxSendBytes?: number | undefined
  /**
   * Tells the server that it may compress the messages of answers with gzip and deflate, where the platform has
   * `DecompressionStream`. Servers of other sites must allow the header in their CORS policy. Default false.
   */
  readonly acceptCompression?: boolean | undefined
  /**
   * What stands in for the global `fetch`: with undici's `Agent` as its `dispatcher`, Node trusts an authority of one's
   * own (`NODE_EXTRA_CA_CERTS` does so for the whole process).
   */
  readonly fetch?: Fetch | undefined
}

/** What a protocol has of its own. */
export interface FetchProtocol {
  /** As messages call it. */
  readonly name: 'gRPC-web' | 'Connect'
  /** Header fields that all calls have. */
  readonly head: readonly string[]
  /** The codec of a method, and what the protocol makes of its streams. */
  method(service: ServiceType, method: MethodType): { codec: MethodCodec; dialect: Dialect }
}

/** Makes the transport. Throws RpcError INVALID_ARGUMENT for a base URL that is none. */
export function fetchTransport(baseUrl: string | URL, options: FetchOptions, protocol: FetchProtocol): Transport {
  const { caller = '', callee } = options
  const connection = new FetchConnection({
    base: parseBase(baseUrl),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    credentials: options.credentials ?? 'same-origin',
  })
  const settings: CallSettings = {
    channel: {
      get ready() {
        return connection.usable ? connection : undefined
      },
      wait: (call) => call.unavailable(closed()),
      leave() {},
      refusedEncodings: new Set(),
    },
    compressor: streamCompressor,
    caller: headerText(caller, 'caller'),
    maxReceiveBytes: options.maxReceiveBytes ?? defaultMaxReceiveBytes,
    maxSendBytes: options.maxSendBytes ?? Number.POSITIVE_INFINITY,
    compression: undefined,
    compressMinBytes: compressFromBytes,
    waitForReady: false,
    credentials: [],
    mayShowCredentials: false,
    headers: undefined,
  }
  const encodings = streamCompressor.names.join(',')
  const head: readonly string[] = [
    ...protocol.head,
    ...(options.acceptCompression === true && encodings !== '' ? ['grpc-accept-encoding', encodings] : []),
    ...(callee === undefined ? [] : ['destination-service', headerText(callee, 'callee')]),
  ]
  return {
    bind(service: ServiceType): Service {
      if (service.idl !== 'protobuf') {
        throw new RpcError(
          'INVALID_ARGUMENT',
          `${service.fullName} is a Thrift service, and ${protocol.name} carries protobuf; use thrift() for it, which needs Node.js`,
        )
      }
      const methods = new Map<MethodType, BoundMethod>()
      for (const method of service.methods) {
        const anonymous = [':method', 'POST', ':path', `/${service.fullName}/${method.name}`, ...head]
        const headers = settings.caller === '' ? anonymous : [...anonymous, 'source-service', settings.caller]
        const { codec, dialect } = protocol.method(service, method)
        methods.set(method, { ...codec, settings, headers, anonymous, dialect })
      }
      return (cx, request) => {
        if (streamsRequest(cx.method.kind) && !streamsRequestBodies()) return Promise.reject(noStreams(cx.method))
        return new GrpcClientCall(methods.get(cx.method)!, cx).run(request)
      }
    },
    async close({ drainMs = defaultDrainMs } = {}): Promise<void> {
      const done = connection.close()
      if (drainMs > 0 && connection.openStreams > 0) await drainFor(done, drainMs)
      connection.destroy()
    },
  }
}

function closed(): RpcError {
  return new RpcError('UNAVAILABLE', 'the transport is closed', { bytesSent: false })
}

function noStreams({ name }: MethodType): RpcError {
  const text = `${name} streams its requests, which fetch does not do here`
  return new RpcError('UNIMPLEMENTED', text, { bytesSent: false })
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
