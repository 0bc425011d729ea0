/** Metainfo over headers as Volo writes it: `rpc-persist-*`, `rpc-transit-*`, `rpc-backward-*`. */

import type { Context } from '../core/context/context.ts'
import { quoted } from '../core/text/printable.ts'
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

/** Keys that come back as they were. */
const keptKey = /^[0-9A-Z_.]+$/
const keyShape = /^[0-9A-Za-z_.-]+$/
const valueShape = /^[ -~]*$/

/**
 * Appends entries as header fields, as CloudWeGo's Go does: keys in lower case, `_` as `-`, so a key that is not all
 * capitals, digits, `_` and `.` arrives as another one. An entry that no header can carry stays behind. Metainfo passes
 * through from other services, so neither fails the call: both are warned of on the console, once per key.
 */
export function appendMetainfo(headers: string[], prefix: MetainfoPrefix, entries: ReadonlyMap<string, string>): void {
  for (const [key, value] of entries) {
    if (!keyShape.test(key) || !valueShape.test(value)) warn(key, 'is left out over gRPC: no header can carry it')
    else {
      const name = prefix + key.toLowerCase().replaceAll('_', '-')
      if (!keptKey.test(key)) warn(key, `arrives as "${keyOf(name, prefix)}" over gRPC`)
      headers.push(name, value.trim())
    }
  }
}

/** Keys to warn of; they may come from peers, so there is an end to it. */
const mostWarnings = 100
const warned = new Set<string>()

function warn(key: string, what: string): void {
  const shown = quoted(key)
  if (warned.has(shown) || warned.size >= mostWarnings) return
  warned.add(shown)
  console.warn(`volo: the metainfo ${shown} ${what}`)
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
