/** Who is at the other end of a socket. */

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Peer } from '../core/context/context.ts'
import { formatHostPort } from './address.ts'

/**
 * The Peer of a connected socket; `unixPath` names it where the socket itself has no address, `source` is the address of
 * the client where the socket is a load balancer's.
 */
export function peerOf(socket: Socket, unixPath?: string, source?: string): Peer {
  const { remoteAddress, remotePort } = socket
  const tcp = remoteAddress !== undefined && remotePort !== undefined
  const own = tcp
    ? formatHostPort(remoteAddress.replace(/^::ffff:(?=\d+\.)/, ''), remotePort)
    : `unix:${unixPath ?? ''}`
  const address = source ?? own
  const kind = tcp || source !== undefined ? 'tcp' : 'unix'
  if (!(socket instanceof TLSSocket)) return { address, kind }
  return { address, kind, tls: tlsIdentity(socket) }
}

function tlsIdentity(socket: TLSSocket): NonNullable<Peer['tls']> {
  const certificate = socket.getPeerCertificate()
  const servername = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : undefined
  return {
    authorized: socket.authorized,
    ...(servername === undefined ? {} : { servername }),
    ...(certificate !== null && Object.keys(certificate).length > 0 ? { peerCertificate: certificate } : {}),
  }
}
