/** TLS on sockets that are accepted already: the handshake happens beside the accept loop, within a time limit. */

import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import { type ServerTlsOptions, serverTls } from './tls.ts'

/** TLS for sockets of which the first bytes have been read. */
export interface TlsUpgrade {
  /** Starts the handshake on a socket from which `first` has been read already. */
  start(socket: Socket, first: Uint8Array): void
  /** Certificate, key and authorities of handshakes from now on; throws on such that cannot be used, and keeps the old ones. */
  reload(options: ServerTlsOptions): void
}

/**
 * Prepares TLS; throws on a certificate or key that cannot be used. `onSecured` gets each socket after its handshake,
 * paused, with the ALPN protocol that was chosen. A peer whose handshake fails is dropped and concerns nobody else.
 */
export function tlsUpgrade(
  options: ServerTlsOptions,
  alpn: readonly string[],
  onSecured: (socket: Socket, alpn: string | undefined) => void,
): TlsUpgrade {
  const server = createServer({ ...serverTls(options, alpn), pauseOnConnect: true })
  server.on('secureConnection', (socket) => {
    onSecured(socket, typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined)
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return {
    start(socket, first) {
      socket.unshift(first)
      server.emit('connection', socket)
    },
    reload: (next) => server.setSecureContext(serverTls(next, alpn)),
  }
}
