/** Reads the first bytes of a connection until somebody can say what they are. */

import { delayOf } from '../core/context/delay.ts'
import type { Socket } from '../net/socket.ts'

/** What became of the first bytes. `gone`: the peer left; `slow`: it sent too little in time; `unknown`: nobody knows them. */
export type FirstBytes<T> =
  | { readonly kind: 'known'; readonly what: T; readonly first: Uint8Array }
  | { readonly kind: 'gone' | 'slow' | 'unknown'; readonly first: Uint8Array }

/** More bytes than anybody needs to recognise a protocol. */
const enoughBytes = 64

/** How long a new connection may take, in milliseconds. */
export interface FirstBytesLimits {
  /** Until its first byte. */
  readonly silentMs: number
  /** From there until it is known. */
  readonly timeoutMs: number
  /** How many bytes may be needed. Default 64. */
  readonly mostBytes?: number
}

/**
 * Collects bytes until `decide` answers with anything but `more`; undefined means that they are unknown. The socket is
 * paused again afterwards, and the bytes are no longer in it.
 */
export function readFirstBytes<T extends object>(
  socket: Socket,
  { silentMs, timeoutMs, mostBytes = enoughBytes }: FirstBytesLimits,
  decide: (first: Uint8Array) => T | 'more' | undefined,
): Promise<FirstBytes<T>> {
  return new Promise((resolve) => {
    let first: Uint8Array = new Uint8Array(0)
    // Bytes that came while this process was busy are read before time is called.
    const late = (): void => {
      setImmediate(() => settle({ kind: 'slow', first }))
    }
    let timer = setTimeout(late, delayOf(silentMs))
    let settled = false
    const settle = (outcome: FirstBytes<T>): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      socket.pause()
      socket.off('data', onData)
      socket.off('close', onGone)
      socket.off('end', onGone)
      resolve(outcome)
    }
    const onGone = (): void => settle({ kind: 'gone', first })
    const onData = (chunk: Buffer): void => {
      if (first.length === 0) {
        clearTimeout(timer)
        timer = setTimeout(late, delayOf(timeoutMs))
        first = chunk
      } else first = Buffer.concat([first, chunk])
      const what = decide(first.subarray(0, mostBytes))
      if (what === undefined) settle({ kind: 'unknown', first })
      else if (what !== 'more') settle({ kind: 'known', what, first })
      else if (first.length >= mostBytes) settle({ kind: 'unknown', first })
    }
    socket.on('data', onData)
    socket.on('close', onGone)
    socket.on('end', onGone)
    socket.resume()
  })
}
