/** Metainfo over headers as Volo writes it: `rpc-persist-*`, `rpc-transit-*`, `rpc-backward-*`. */

import type { Context } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import type { Http2Headers } from '../http2/sink.ts'

const persistPrefix = 'rpc-persist-'
const transitPrefix = 'rpc-transit-'
const backwardPrefix = 'rpc-backward-'

/** The three kinds of entries by their header prefix. */
export type MetainfoPrefix = typeof persistPrefix | typeof transitPrefix | typeof backwardPrefix

/** The header prefix of each kind. */
export const metainfoPrefix: {
  readonly persistent: typeof persistPrefix
  readonly transient: typeof transitPrefix
  readonly backward: typeof backwardPrefix
} = { persistent: persistPrefix, transient: transitPrefix, backward: backwardPrefix }

const keyShape = /^[0-9A-Z_.]+$/
const valueShape = /^[ -~]*$/

/**
 * Appends entries as header fields. A header has no capitals and CloudWeGo writes `_` as `-`, so only upper-case keys
 * come back as they were: another key, or a value that is not printable ASCII, throws RpcError with `code`.
 */
export function appendMetainfo(
  headers: string[],
  prefix: MetainfoPrefix,
  entries: ReadonlyMap<string, string>,
  code: 'INVALID_ARGUMENT' | 'INTERNAL',
): void {
  for (const [key, value] of entries) {
    if (!keyShape.test(key)) {
      throw new RpcError(code, `metainfo key "${key}" cannot travel over gRPC: write it in capitals, digits and "_"`)
    }
    if (!valueShape.test(value)) {
      throw new RpcError(code, `metainfo "${key}" cannot travel over gRPC: its value is not printable ASCII`)
    }
    headers.push(prefix + key.toLowerCase().replaceAll('_', '-'), value.trim())
  }
}

/** What a request carries beside its metadata. */
export interface ReceivedMetainfo {
  persistent: Map<string, string> | undefined
  transient: Map<string, string> | undefined
}

/** The persistent and transient entries among header fields; undefined when there is none. */
export function readMetainfo(headers: Http2Headers): ReceivedMetainfo | undefined {
  let received: ReceivedMetainfo | undefined
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    if (!name.startsWith('rpc-')) continue
    if (name.startsWith(persistPrefix)) {
      received ??= { persistent: undefined, transient: undefined }
      received.persistent ??= new Map()
      received.persistent.set(keyOf(name, persistPrefix), headers[i + 1]!)
    } else if (name.startsWith(transitPrefix)) {
      received ??= { persistent: undefined, transient: undefined }
      received.transient ??= new Map()
      received.transient.set(keyOf(name, transitPrefix), headers[i + 1]!)
    }
  }
  return received
}

/** Adds the backward entries among response header fields to a context. */
export function readBackward(headers: Http2Headers, cx: Context): void {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!
    if (name.startsWith(backwardPrefix)) cx.metainfo.backward.set(keyOf(name, backwardPrefix), headers[i + 1]!)
  }
}

function keyOf(name: string, prefix: MetainfoPrefix): string {
  return name.slice(prefix.length).toUpperCase().replaceAll('-', '_')
}
