/** The frames between two threads: a batch is one flat array, with the bytes of all its messages behind one another in its first element. */

/**
 * What a frame says; it is the frame's first element and the id of its call the second. An id is free again when the
 * worker has sent the frame marked `final`, so that both sides keep their calls in arrays.
 */
export const Frame = {
  /** Client: `route, idl, service, method` names a route from now on. */
  DEFINE: 0,
  /** Client: `route, [head], payload`. */
  CALL: 1,
  /** Both: `payload` of a stream. */
  MESSAGE: 2,
  /** Both: `[head]`, the stream has ended well. */
  END: 3,
  /** Both: `count` more messages may be sent. */
  CREDIT: 4,
  /** Client: `code, message`, the call has ended early. */
  CANCEL: 5,
  /** Worker: the handler reads no more requests. */
  STOP: 6,
  /** Worker: `[head], payload`. */
  REPLY: 7,
  /** Worker: `[head], error`. */
  ERROR: 8,
  /** Worker: `[head]`, a streamed response begins. */
  HEADERS: 9,
  /** Worker: nothing more than that the call is over. */
  DONE: 10,
  /** Worker: a CANCEL has been heard. Its call may be over already. */
  HEARD: 11,
  /** Worker: `thread id`, it serves. */
  READY: 12,
  /** Client: `drainMs`, stop. */
  CLOSE: 13,
  /** Worker: it has stopped. */
  CLOSED: 14,
} as const

/** Bits on top of the kind: a head follows; the call is over. */
export const FrameFlag = { kind: 31, head: 32, final: 64 } as const

/** A message on its way: bytes of a codec, or an object for structured clone with the buffers that move. */
export type Payload = Uint8Array | ClonePayload

/** A message that travels by structured clone: a copy that nobody else has, and the buffers of it that move. */
export interface ClonePayload {
  readonly value: object
  readonly transfers: readonly ArrayBuffer[]
}

/** A payload as it arrives. */
export type ArrivedPayload = ByteRange | object

/** Bytes inside the bytes of a batch. */
export class ByteRange {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
  }
}

/** No bytes: an empty message. */
export const emptyPayload: Uint8Array = new Uint8Array(0)
const emptyRange = new ByteRange(emptyPayload, 0, 0)

/** Up to here bytes travel as a one-byte string, which is the cheapest thing a port can carry; above they are moved. */
const longestText = 8 * 1024
/** From here a payload travels in a buffer of its own, without the copy into the batch's. */
const ownBuffer = 64 * 1024

/** What carries batches: a MessagePort. */
export interface BatchPort {
  postMessage(batch: readonly unknown[], transfers?: readonly ArrayBuffer[]): void
}

/** Gathers frames and posts them as one batch when the running microtasks are done. */
export class Outbox {
  /** How many batches have been posted. */
  batches = 0
  readonly #port: BatchPort
  readonly #onError: (error: unknown) => void
  #frames: unknown[] = [undefined]
  #transfers: ArrayBuffer[] = []
  #bytes: Uint8Array = new Uint8Array(4096)
  #size = 0
  #scheduled = false
  #count = 0
  /** The last batch was one frame: calls come one at a time, and waiting for more to post would only cost. */
  #lone = false

  constructor(port: BatchPort, onError: (error: unknown) => void) {
    this.#port = port
    this.#onError = onError
  }

  /** Begins a frame; what follows is added with `item` and `payload`. */
  frame(kind: number, id: number): void {
    this.#schedule()
    this.#count++
    this.#frames.push(kind, id)
  }

  /** Begins a frame that `finish` ends. */
  begin(kind: number, id: number): void {
    this.#count++
    this.#frames.push(kind, id)
  }

  /** Posts at once when no other call is on its way and none was in the last batch, else with what follows. */
  finish(isAlone: boolean): void {
    if (isAlone && this.#lone && this.#count === 1) this.flush()
    else this.#schedule()
  }

  item(value: unknown): void {
    this.#frames.push(value)
  }

  payload(payload: Payload): void {
    if (!(payload instanceof Uint8Array)) {
      this.#frames.push(payload.value)
      for (const buffer of payload.transfers) this.#transfers.push(buffer)
      return
    }
    const { length } = payload
    if (length >= ownBuffer) {
      const own = payload.slice()
      this.#frames.push(own)
      this.#transfers.push(own.buffer as ArrayBuffer)
      return
    }
    this.#frames.push(length)
    if (length === 0) return
    const end = this.#size + length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.#size))
      this.#bytes = grown
    }
    this.#bytes.set(payload, this.#size)
    this.#size = end
  }

  /** Posts what is there now. */
  flush(): void {
    this.#scheduled = false
    const frames = this.#frames
    const transfers = this.#transfers
    const size = this.#size
    if (frames.length === 1) return
    this.#frames = [undefined]
    this.#size = 0
    this.#lone = this.#count === 1
    this.#count = 0
    if (size > longestText) {
      const bytes = this.#bytes.slice(0, size)
      frames[0] = bytes
      transfers.push(bytes.buffer as ArrayBuffer)
      if (this.#bytes.length > 8 * ownBuffer) this.#bytes = new Uint8Array(4096)
    } else if (size > 0) frames[0] = latin1Of(this.#bytes, size)
    this.batches++
    try {
      if (transfers.length === 0) this.#port.postMessage(frames)
      else {
        this.#transfers = []
        this.#port.postMessage(frames, transfers)
      }
    } catch (error) {
      this.#onError(error)
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(flush, this)
  }
}

function flush(outbox: Outbox): void {
  outbox.flush()
}

function latin1Of(bytes: Uint8Array, size: number): string {
  return Buffer.prototype.latin1Slice.call(bytes, 0, size)
}

/** Reads the frames of a batch. */
export class Inbox {
  readonly #frames: readonly unknown[]
  readonly #bytes: Uint8Array
  #at = 1
  #byteAt = 0

  constructor(frames: readonly unknown[]) {
    this.#frames = frames
    const [bytes] = frames
    this.#bytes =
      typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : ((bytes as Uint8Array | undefined) ?? emptyPayload)
  }

  get done(): boolean {
    return this.#at >= this.#frames.length
  }

  item(): unknown {
    return this.#frames[this.#at++]
  }

  number(): number {
    return this.#frames[this.#at++] as number
  }

  payload(): ArrivedPayload {
    const item = this.#frames[this.#at++]
    if (item === 0) return emptyRange
    if (typeof item !== 'number') {
      return item instanceof Uint8Array ? new ByteRange(item, 0, item.length) : (item as object)
    }
    const start = this.#byteAt
    this.#byteAt = start + item
    return new ByteRange(this.#bytes, start, this.#byteAt)
  }
}
