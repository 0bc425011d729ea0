/** PlaintextRefusal: the answer of a port with TLS to connections without it, each in the protocol of its client. */

import type { Peer } from '../core/context/context.ts'
import { RpcError } from '../core/error.ts'
import type { Router } from '../core/router.ts'
import type { Socket } from '../net/socket.ts'
import { refuseHttp1 } from './http1-refusal.ts'
import type { PortWire } from './port-wire.ts'
import { ThrottledReport } from './throttled-report.ts'

const text = 'This port requires TLS; the connection was not encrypted.'
const reason = (): RpcError => new RpcError('FAILED_PRECONDITION', text, { stack: false })

/** What the client speaks; HTTP/1.1 may have no wire. */
type Protocol = Pick<PortWire, 'name'> & Partial<Pick<PortWire, 'load'>>

/** Refuses connections, and reports them. */
export class PlaintextRefusal {
  readonly #onError: (error: unknown) => void
  readonly #reports: ThrottledReport

  /** `onError` gets one report at most each minute. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
    this.#reports = new ThrottledReport(onError)
  }

  /**
   * Sends HTTP/1.1 a 400, HTTP/2 a GOAWAY, Thrift an exception in the form of its request, and closes. `first` has been
   * read from the socket already.
   */
  refuse(socket: Socket, peer: Peer, first: Uint8Array, protocol: Protocol, router: Router): void {
    this.#report(peer, protocol.name)
    if (protocol.load === undefined || protocol.name === 'http/1.1') {
      refuseHttp1(socket, { status: '400 Bad Request', text })
      return
    }
    protocol.load().then(
      (wire) => {
        if (socket.destroyed) return
        if (wire.refuse === undefined) socket.destroy()
        else wire.refuse({ socket, peer, alpn: undefined }, first, router, reason())
      },
      (error: unknown) => {
        this.#onError(error)
        socket.destroy()
      },
    )
  }

  #report(peer: Peer, protocol: string): void {
    this.#reports.report((more) => {
      const what = `refused a connection without TLS (${protocol}) from ${peer.address}${more}`
      const hint = 'clients of this server need TLS; `new Server({ tls, plaintext: true })` serves both'
      return new RpcError('FAILED_PRECONDITION', `${what}: ${hint}`, { stack: false })
    })
  }
}
