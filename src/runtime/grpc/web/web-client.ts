/** grpcWeb(): the Transport of a browser whose server speaks gRPC-web. */

import { toBase64 } from '../../core/bytes/base64.ts'
import type { Transport } from '../../core/transport.ts'
import { packageVersion } from '../../core/version.ts'
import type { Dialect } from '../client/dialect.ts'
import { methodCodec } from '../codec.ts'
import { StreamAdapter } from '../server/stream-adapter.ts'
import { type FetchOptions, fetchTransport } from './fetch-transport.ts'
import { WebAnswer } from './web-answer.ts'

/** Options of {@link grpcWeb}; everything is optional. */
export interface GrpcWebOptions extends FetchOptions {
  /** The text form (base64), for what stands between and does not let bytes through. Default false. */
  readonly text?: boolean | undefined
}

/** The text form of a request. */
class TextRequest extends StreamAdapter {
  headers(): void {}

  trailers(): void {}

  override write(chunk: Uint8Array, end: boolean): boolean {
    return this.stream.write(new TextEncoder().encode(toBase64(chunk)), end)
  }
}

const binary: Dialect = {
  open: (connection, headers, more, call) => connection.open(headers, more, new WebAnswer(call)),
}
const textual: Dialect = {
  open: (connection, headers, more, call) => new TextRequest(connection.open(headers, more, new WebAnswer(call))),
}

/**
 * A transport by gRPC-web over `fetch`. `baseUrl` is where the services are: `https://api.example` or, with a path,
 * `https://example/api`. Throws RpcError INVALID_ARGUMENT when it is none. Calls that reach no server fail as
 * UNAVAILABLE; a browser does not say whether the network, the name or CORS stood in the way. Methods that stream their
 * requests fail as UNIMPLEMENTED where the platform does not stream bodies (Firefox, Safari, and Chromium over HTTP/1.1
 * fails them as UNAVAILABLE); where it does, a browser shows no answer before the requests have ended.
 */
export function grpcWeb(baseUrl: string | URL, options: GrpcWebOptions = {}): Transport {
  const isText = options.text === true
  const type = isText ? 'application/grpc-web-text+proto' : 'application/grpc-web+proto'
  return fetchTransport(baseUrl, options, {
    name: 'gRPC-web',
    head: [
      'content-type',
      type,
      'accept',
      type,
      'x-grpc-web',
      '1',
      'x-user-agent',
      `grpc-web-volo-ts/${packageVersion}`,
    ],
    method: (_service, method) => ({ codec: methodCodec(method), dialect: isText ? textual : binary }),
  })
}
