/** TLS on sockets that are accepted already: the handshake happens beside the accept loop, within a time limit. */

import type { Socket } from 'node:net'
import { createServer, type Server, type TlsOptions } from 'node:tls'
import { RpcError } from '../core/error.ts'
import { type ServerTlsOptions, serverTls } from './tls.ts'
import { refusalReason } from './tls-failure.ts'

/** TLS for sockets of which the first bytes have been read. */
export interface TlsUpgrade {
  /** Starts the handshake on a socket from which `first` has been read already. */
  start(socket: Socket, first: Uint8Array): void
  /** Certificate, key and authorities of handshakes from now on; throws on such that cannot be used, and keeps the old ones. */
  reload(options: ServerTlsOptions): void
}

/**
 * Prepares TLS; throws on a certificate or key that cannot be used. `onSecured` gets each socket after its handshake,
 * paused, with the ALPN protocol that was chosen. A peer whose handshake fails is dropped and concerns nobody else;
 * `onRefused` gets the reason, unless the peer just left.
 */
export function tlsUpgrade(
  options: ServerTlsOptions,
  alpn: readonly string[],
  onSecured: (socket: Socket, alpn: string | undefined) => void,
  onRefused: (socket: Socket, reason: string) => void,
): TlsUpgrade {
  const server = usable(serverTls(options, alpn), (tls): Server => createServer({ ...tls, pauseOnConnect: true }))
  server.on('secureConnection', (socket) => {
    onSecured(socket, typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined)
  })
  server.on('tlsClientError', (error, socket) => {
    const reason = refusalReason(socket, error)
    if (reason !== undefined) onRefused(socket, reason)
    socket.destroy()
  })
  return {
    start(socket, first) {
      socket.unshift(first)
      server.emit('connection', socket)
    },
    reload: (next) => usable(serverTls(next, alpn), (tls) => server.setSecureContext(tls)),
  }
}

/** OpenSSL tells a number and a place in its sources. */
function usable<T>(options: TlsOptions, use: (options: TlsOptions) => T): T {
  try {
    return use(options)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = 'the TLS certificate, key or authorities of the server cannot be used'
    throw new RpcError('INVALID_ARGUMENT', `${what}: ${why}`, { cause })
  }
}
