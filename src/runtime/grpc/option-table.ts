/** What options of gRPC's connections may be. */

import { atLeast, either, isAnything, isFlag, isTexts, type OptionTable } from '../core/option-check.ts'
import type { Http2Keepalive } from '../http2/sink.ts'
import type { GrpcWireOptions } from './server/wire.ts'

/** For `checkOptions`. */
export const keepaliveTable: OptionTable<Http2Keepalive> = {
  intervalMs: atLeast(1),
  timeoutMs: atLeast(1),
  whileIdle: isFlag,
}

/** For `checkOptions`; `pingPolicy` may be false. */
export const grpcWireOptionTable: OptionTable<GrpcWireOptions> = {
  maxReceiveBytes: atLeast(0),
  maxSendBytes: atLeast(0),
  compression: isAnything,
  acceptCompression: isTexts,
  maxCompressionRatio: atLeast(1),
  maxConcurrentStreams: atLeast(0),
  streamWindowBytes: atLeast(1),
  maxHeaderListBytes: atLeast(1),
  writeTimeoutMs: atLeast(0),
  streamStallTimeoutMs: atLeast(0),
  keepalive: keepaliveTable,
  pingPolicy: either(false, {
    words: 'an object',
    holds: (value) => typeof value === 'object' && value !== null,
  }),
  maxAgeMs: atLeast(0),
  maxAgeGraceMs: atLeast(0),
  maxIdleMs: atLeast(0),
}
