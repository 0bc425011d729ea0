/** grpcCall(): settings of one call that only gRPC knows. */

import type { Context } from '../../core/context/context.ts'
import { checkCompression } from '../compression.ts'
import { callOptionsKey, type GrpcCallOptions } from './call-settings.ts'

/**
 * Settings of one call that only gRPC knows, for the call option `prepare` or for a layer: `grpcCall(options)(cx)`. Those that are
 * given twice: the later one wins.
 *
 * @example
 * await shop.order({ id }, { timeoutMs: 5_000, prepare: grpcCall({ waitForReady: true }) })
 */
export function grpcCall(options: GrpcCallOptions): (cx: Context) => void {
  checkCompression(options.compression)
  return (cx) => {
    const earlier = cx.get(callOptionsKey)
    cx.set(callOptionsKey, earlier === undefined ? options : { ...earlier, ...options })
  }
}
