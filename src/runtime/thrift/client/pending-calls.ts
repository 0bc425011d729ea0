/** The calls of one connection that wait for a reply, by sequence id. */

import { ThriftMessageKind } from '../protocol/protocol.ts'
import type { ThriftClientCall } from './call.ts'

/** Gives out sequence ids and finds the call of each reply. */
export class PendingCalls {
  readonly #calls = new Map<number, ThriftClientCall>()
  #sequence = 0
  /** Sequence id of the first oneway call since the last reply; 0: there was none. */
  #firstOneway = 0

  /** How many wait. */
  get size(): number {
    return this.#calls.size
  }

  /** The sequence id that was given out last. */
  get lastSequence(): number {
    return this.#sequence
  }

  /** The next sequence id: 1 to 2^31-1 and round again; 0 is for control frames. */
  nextSequence(): number {
    do {
      this.#sequence = this.#sequence === 0x7fff_ffff ? 1 : this.#sequence + 1
    } while (this.#calls.has(this.#sequence))
    return this.#sequence
  }

  /** A call was sent that gets no reply. */
  addOneway(call: ThriftClientCall): void {
    if (this.#firstOneway === 0) this.#firstOneway = call.sequence
  }

  /** A call was sent that waits for its reply. */
  add(call: ThriftClientCall): void {
    this.#calls.set(call.sequence, call)
  }

  /** Forgets a call; false when it does not wait. */
  delete(call: ThriftClientCall): boolean {
    return this.#calls.get(call.sequence) === call && this.#calls.delete(call.sequence)
  }

  /** Takes out the call of a reply. */
  take(sequence: number): ThriftClientCall | undefined {
    const call = this.#calls.get(sequence)
    if (call !== undefined) {
      this.#calls.delete(sequence)
      this.#firstOneway = 0
    }
    return call
  }

  /** Takes out the only call, where a server that could not read its request answers with an exception of sequence id 0. */
  takeUnread(sequence: number, kind: number): ThriftClientCall | undefined {
    if (sequence !== 0 || kind !== ThriftMessageKind.EXCEPTION) return undefined
    for (const only of this.#calls.keys()) return this.take(only)
    return undefined
  }

  /** Takes out all calls. */
  takeAll(): ThriftClientCall[] {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    return calls
  }

  /**
   * Whether a reply is one to a oneway call: a server whose IDL has the method as one with an answer answers it, before
   * the next call. Only where the server answers in order.
   */
  isReplyToOneway(sequence: number): boolean {
    return this.#firstOneway !== 0 && sequence >= this.#firstOneway && sequence <= this.#sequence
  }
}
