/** Whether a connection keeps the process alive: while something is under way on it, and not when it is idle. */

import type { Socket } from 'node:net'

/** Milliseconds between the end of what was under way and the look whether the connection is idle. */
const lookMs = 10

/**
 * The hold of one socket on the process. A socket that was dialled has it, until {@link letGo} finds the connection idle
 * and nothing left to write. That is looked at a little later, so that one call after the other costs no system call.
 */
export class ProcessHold {
  readonly #socket: Socket
  readonly #isIdle: () => boolean
  #holds = true
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket, isIdle: () => boolean) {
    this.#socket = socket
    this.#isIdle = isIdle
    socket.once('close', () => clearTimeout(this.#timer))
  }

  /** Something is under way. */
  take(): void {
    if (this.#holds) return
    this.#holds = true
    this.#socket.ref()
  }

  /** Something has ended. */
  letGo(): void {
    if (this.#holds && this.#timer === undefined) this.#timer = setTimeout(this.#look, lookMs).unref()
  }

  #look = (): void => {
    this.#timer = undefined
    if (this.#socket.destroyed || !this.#isIdle()) return
    if (this.#socket.writableLength > 0) {
      this.letGo()
      return
    }
    this.#holds = false
    this.#socket.unref()
  }
}
