/** The socket that a port hands to a wire. */

import type { Socket } from 'node:net'
import type { Peer } from '../core/context/context.ts'

/** An accepted connection after TLS, if any; the wire owns it from then on. */
export interface ServerSocket {
  /** A `net.Socket` or `tls.TLSSocket`, paused, with no-delay set; bytes already read are not in it any more. */
  readonly socket: Socket
  readonly peer: Peer
  /** The negotiated ALPN protocol, if any. */
  readonly alpn: string | undefined
  /** The port that accepted it is bound to loopback. Default false. */
  readonly onLoopback?: boolean
}
