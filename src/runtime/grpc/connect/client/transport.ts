/** connect(): the Transport of a client whose server speaks the Connect protocol. */

import { checkOptions, isFlag, isFunction, type OptionTable, oneOf } from '../../../core/option-check.ts'
import { Http1Dialer } from '../../../http1/dialer.ts'
import type { Http2Address } from '../../../http2/client/dialer.ts'
import { type GrpcOptions, grpcOptionTable } from '../../client/grpc-options.ts'
import { type GrpcTransport, httpTransport } from '../../client/http-transport.ts'
import { http2Dialer } from '../../client/transport.ts'
import { methodCodec } from '../../codec.ts'
import type { MessageFormat } from '../../message-format.ts'
import { connectDialect } from './connect-dialect.ts'

/** Options of {@link connect}: those of `grpc()`, and what Connect has of its own; everything is optional. */
export interface ConnectClientOptions extends GrpcOptions {
  /** The version of HTTP. Default `2`, in plain text by prior knowledge. */
  readonly httpVersion?: '1.1' | '2' | undefined
  /** How messages are written: {@link protoJson} for ProtoJSON. Default: protobuf. */
  readonly format?: MessageFormat | undefined
  /**
   * Calls methods with `idempotency_level = NO_SIDE_EFFECTS` by GET, which caches may answer, unless the message is
   * longer than a URL may be. Default false.
   */
  readonly useGet?: boolean | undefined
  /** Connections to have at once. Default 8; 256 over HTTP/1.1, where each carries one call, and further calls wait. */
  readonly maxConnections?: number | undefined
}

const connectOptionTable: OptionTable<ConnectClientOptions> = {
  ...grpcOptionTable,
  httpVersion: oneOf('1.1', '2'),
  format: isFunction,
  useGet: isFlag,
}

/**
 * A transport by the Connect protocol (https://connectrpc.com/docs/protocol), over HTTP/2 or HTTP/1.1. Unary calls and
 * streams of every kind; over HTTP/1.1 most servers answer a stream of requests when it has ended. Connections, retries,
 * deadlines and errors are those of {@link grpc}, and so is what it throws. Streams over HTTP/1.1 that are left early cost
 * their connection.
 */
export function connect(address: Http2Address, options: ConnectClientOptions = {}): GrpcTransport {
  checkOptions('connect()', options, connectOptionTable)
  const { httpVersion = '2', format, useGet = false } = options
  const { tls, proxy, connectTimeoutMs, maxHeaderListBytes, maxConnections: maxSockets = 256 } = options
  const isHttp1 = httpVersion === '1.1'
  return httpTransport(
    {
      name: 'Connect',
      agent: 'connect-node-volo-ts',
      dialer: isHttp1
        ? new Http1Dialer(address, { tls, proxy, connectTimeoutMs, maxHeaderListBytes, maxSockets })
        : http2Dialer(address, options),
      maxConnections: 8,
      method(service, method, { compressor }) {
        const codec = methodCodec(method)
        return {
          codec: format?.(codec) ?? codec,
          dialect: connectDialect(service, method, { isJson: format !== undefined, useGet, compressor }),
        }
      },
    },
    isHttp1 ? { ...options, maxConnections: 1 } : options,
  )
}
