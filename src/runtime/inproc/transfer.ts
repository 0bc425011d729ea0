/** transfer(): marks a message whose bytes move to the other thread instead of being copied. */

import { processWide } from '../core/copies/process-wide.ts'
import { RpcError } from '../core/error.ts'

/** What a marked message wants. */
export interface TransferMark {
  /** The buffers that move; undefined means every one that a byte array of the message has for itself. */
  readonly buffers: ReadonlySet<ArrayBuffer> | undefined
  /** It is on its way: the sender's arrays are empty, or will be at once. */
  used: boolean
}

const { marks, moving, state } = processWide('transfer', () => ({
  marks: new WeakMap<object, TransferMark>(),
  /** Buffers on their way. One is moved by one message only. */
  moving: new WeakSet<ArrayBuffer>(),
  state: { marked: false },
}))

/**
 * Marks a request, a response, or one of their byte arrays, so that `threads()` moves its bytes instead of copying
 * them: the sender's arrays are empty afterwards. Without `buffers`, each byte array that is a view of a whole
 * ArrayBuffer moves, and others (a `Buffer` from Node's pool, for one) are copied. With `buffers`, exactly those move;
 * one that no byte array of the message covers whole is refused as INVALID_ARGUMENT. A message that has been moved
 * cannot be sent again, for instance by a retry: that is INVALID_ARGUMENT too. A marked message travels by structured
 * clone whatever `payload` says. Other transports take no notice of the mark. Returns the same object.
 *
 * @example
 * const request = transfer({ pixels: new Uint8Array(1_000_000), width: 640 })
 */
export function transfer<T extends object>(message: T, buffers?: readonly (ArrayBuffer | Uint8Array)[]): T {
  const only = buffers?.map((one) => (one instanceof ArrayBuffer ? one : (one.buffer as ArrayBuffer)))
  marks.set(message, { buffers: only === undefined ? undefined : new Set(only), used: false })
  state.marked = true
  return message
}

/** The mark of a message, or of one of its members: arguments and results of Thrift are wrapped in structs. */
export function transferMark(message: unknown): TransferMark | undefined {
  if (!state.marked || typeof message !== 'object' || message === null) return undefined
  const own = marks.get(message)
  if (own !== undefined) return own
  for (const member of Object.values(message)) {
    const mark = typeof member === 'object' && member !== null ? marks.get(member) : undefined
    if (mark !== undefined) return mark
  }
  return undefined
}

/** Whether anything has been marked in this thread: if not, no byte array can have been moved away. */
export function hasTransfers(): boolean {
  return state.marked
}

/** Copies the byte arrays of one message, or moves those that its mark says. */
export class ByteCopier {
  readonly transfers: ArrayBuffer[] = []
  readonly #mark: TransferMark | undefined

  constructor(mark: TransferMark | undefined) {
    this.#mark = mark
  }

  /** An array with a buffer of its own, never a view into a larger one, which would travel along as a whole. */
  copy(bytes: Uint8Array, path: string): Uint8Array {
    const mark = this.#mark
    const { buffer } = bytes
    if (mark !== undefined && buffer instanceof ArrayBuffer && bytes.length === buffer.byteLength && bytes.length > 0) {
      const wanted = mark.buffers === undefined || mark.buffers.has(buffer)
      if (wanted && !moving.has(buffer)) {
        moving.add(buffer)
        this.transfers.push(buffer)
        return new Uint8Array(buffer)
      }
    }
    refuseDetached(bytes, path)
    return new Uint8Array(bytes)
  }

  /** All of the message has been copied. Throws INVALID_ARGUMENT when a buffer that should move is not in it. */
  finish(): void {
    const { transfers } = this
    const mark = this.#mark
    if (mark === undefined) return
    mark.used = true
    if (mark.buffers === undefined || mark.buffers.size === transfers.length) return
    this.undo()
    throw new RpcError(
      'INVALID_ARGUMENT',
      'transfer(): a buffer of the list does not move: no byte array of the message covers it whole, or it moves with another message',
    )
  }

  /** The message will not be posted. */
  undo(): void {
    for (const buffer of this.transfers) moving.delete(buffer)
    if (this.#mark !== undefined) this.#mark.used = false
  }
}

/** Throws INVALID_ARGUMENT for a message that has been moved. */
export function refuseUsed(mark: TransferMark | undefined): void {
  if (mark?.used !== true) return
  throw new RpcError('INVALID_ARGUMENT', 'this message was moved by an earlier call: its byte arrays are empty')
}

/** Throws INVALID_ARGUMENT for a byte array whose memory has gone to another thread. */
export function refuseDetached(bytes: Uint8Array, path: string): void {
  if (bytes.length > 0) return
  try {
    new Uint8Array(bytes.buffer)
  } catch {
    throw new RpcError('INVALID_ARGUMENT', `${path} was moved to another thread by transfer(): its bytes are gone`)
  }
}
