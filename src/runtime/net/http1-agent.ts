/** Http1Agent: requests of HTTP/1.1 over sockets that this package dials; connections and parsing are node:http's. */

import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A request of `node:http` that is being written. */
export type Http1ClientRequest = ClientRequest
/** Its answer. */
export type Http1Answer = IncomingMessage

/** What a request is. */
export interface Http1RequestInit {
  readonly method: string
  readonly path: string
  /** Names and values alternating, `host` among them. */
  readonly headers: readonly string[]
  /** Largest head of an answer, in bytes. */
  readonly maxHeaderBytes: number
}

/** Sockets to one address that are kept for further requests. An idle one keeps no process alive. */
export class Http1Agent {
  readonly #agent: DialingAgent

  /** `maxSockets`: at once; further requests wait. */
  constructor(dialSocket: () => Promise<Socket>, maxSockets: number) {
    this.#agent = new DialingAgent(dialSocket, maxSockets)
  }

  request({ method, path, headers, maxHeaderBytes }: Http1RequestInit): ClientRequest {
    return request({
      agent: this.#agent,
      method,
      path,
      headers: headers as string[],
      setHost: false,
      maxHeaderSize: maxHeaderBytes,
    })
  }

  /** Closes every socket. */
  destroy(): void {
    this.#agent.destroy()
  }
}

class DialingAgent extends Agent {
  readonly #dial: () => Promise<Socket>

  constructor(dialSocket: () => Promise<Socket>, maxSockets: number) {
    super({ keepAlive: true, maxSockets, maxFreeSockets: maxSockets, scheduling: 'lifo' })
    this.#dial = dialSocket
  }

  override createConnection(_options: object, created?: (error: Error | null, socket: Duplex) => void): undefined {
    this.#dial().then(
      (socket) => {
        // A dialled socket is paused, which node:http does not expect.
        socket.resume()
        created?.(null, socket)
      },
      (error: Error) => created?.(error, undefined as never),
    )
  }
}
