/** watchWriteStall(): notices that a peer takes none of the bytes that wait for it. */

import type { Socket } from 'node:net'
import { delayOf } from '../core/context/delay.ts'

/**
 * Calls `onStalled` when the peer of a socket has taken no byte for `ms` milliseconds while some waited, `onDone` as soon
 * as it sees that none waits any more; one of them, once, unless the socket is destroyed. Keeps no process alive.
 */
export function watchWriteStall(socket: Socket, ms: number, onStalled: () => void, onDone: () => void): void {
  const taken = takenOf(socket)
  const look = (): void => {
    if (socket.destroyed || socket.writableLength === 0) onDone()
    else if (takenOf(socket) === taken) onStalled()
    else watchWriteStall(socket, ms, onStalled, onDone)
  }
  // What the peer took while this process was busy is noticed before time is called.
  setTimeout(() => setImmediate(look), delayOf(ms)).unref()
}

/** What Node keeps of a socket below it; TLS stands on a handle of its own. */
interface Handle {
  readonly writeQueueSize?: number
  readonly _parent?: Handle | null
}

/** Changes with every byte that the kernel takes: `writableLength` alone stays as it is until a whole chunk has left. */
function takenOf(socket: Socket): number {
  let taken = socket.bytesWritten - socket.writableLength
  let { _handle: handle } = socket as Socket & { readonly _handle?: Handle | null }
  for (; handle !== undefined && handle !== null; handle = handle._parent) taken -= handle.writeQueueSize ?? 0
  return taken
}
