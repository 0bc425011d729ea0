/** connect() of browsers: the Transport of a browser whose server speaks the Connect protocol. */

import type { Transport } from '../../core/transport.ts'
import { methodCodec } from '../codec.ts'
import { connectDialect } from '../connect/client/connect-dialect.ts'
import type { MessageFormat } from '../message-format.ts'
import { type FetchOptions, fetchTransport } from './fetch-transport.ts'
import { streamCompressor } from './stream-compressor.ts'

/** Options of {@link connect}; everything is optional. */
export interface ConnectWebOptions extends FetchOptions {
  /** How messages are written: {@link protoJson} for ProtoJSON. Default: protobuf. */
  readonly format?: MessageFormat | undefined
  /**
   * Calls methods with `idempotency_level = NO_SIDE_EFFECTS` by GET, which caches may answer, unless the message is
   * longer than a URL may be. Default false.
   */
  readonly useGet?: boolean | undefined
}

/**
 * A transport by the Connect protocol over `fetch`: as `grpcWeb()` otherwise, which says what `baseUrl` is, what is thrown
 * and where requests can be streamed.
 */
export function connect(baseUrl: string | URL, options: ConnectWebOptions = {}): Transport {
  const { format, useGet = false } = options
  const isJson = format !== undefined
  return fetchTransport(baseUrl, options, {
    name: 'Connect',
    head: ['content-type', 'application/grpc'],
    method(service, method) {
      const codec = methodCodec(method)
      const dialect = connectDialect(service, method, { isJson, useGet, compressor: streamCompressor })
      return { codec: format?.(codec) ?? codec, dialect }
    },
  })
}
