/** What a failed TLS handshake means, in words instead of OpenSSL's. */

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** Alerts that a server sends (RFC 8446 section 6.2, RFC 7301 section 3.2), as the end of OpenSSL's code names them. */
const alertsToClient: Readonly<Record<string, string>> = {
  CERTIFICATE_REQUIRED: 'the server requires a client certificate; set `tls.cert` and `tls.key`',
  HANDSHAKE_FAILURE:
    'the server refused the TLS handshake; it may require a client certificate (`tls.cert` and `tls.key`)',
  UNKNOWN_CA: 'the server does not trust the authority of the client certificate (`tls.cert`)',
  BAD_CERTIFICATE: 'the server does not accept the client certificate (`tls.cert`)',
  CERTIFICATE_UNKNOWN: 'the server does not accept the client certificate (`tls.cert`)',
  UNSUPPORTED_CERTIFICATE: 'the server does not accept this kind of client certificate (`tls.cert`)',
  CERTIFICATE_EXPIRED: 'the client certificate has expired (`tls.cert`)',
  CERTIFICATE_REVOKED: 'the client certificate was revoked (`tls.cert`)',
  NO_APPLICATION_PROTOCOL:
    'the server does not speak the protocol of this client (ALPN); check the address and its port',
  PROTOCOL_VERSION: 'the server does not speak a TLS version of this client',
  UNRECOGNIZED_NAME: 'the server has no certificate for this name; check the address or set `tls.servername`',
}

/** Alerts that a client sends to a server. */
const alertsToServer: Readonly<Record<string, string>> = {
  UNKNOWN_CA: "the client does not trust the authority of the server's certificate",
  BAD_CERTIFICATE: "the client does not accept the server's certificate",
  CERTIFICATE_UNKNOWN: "the client does not accept the server's certificate",
  CERTIFICATE_EXPIRED: "the server's certificate has expired",
}

const ownErrors: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    'the client sent no certificate, which this server requires (`tls.ca`, `tls.requireClientCert`)',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'the client speaks no protocol of this port (ALPN)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the peer does not speak TLS on this port',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the peers have no TLS version in common',
  ERR_SSL_NO_SHARED_CIPHER: 'the peers have no cipher in common',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'it did not end in time (`tls.handshakeTimeoutMs`)',
}

/** The reason of a handshake that failed with an error of OpenSSL or node:tls; undefined for other errors. */
export function tlsReason(error: NodeJS.ErrnoException, side: 'client' | 'server'): string | undefined {
  const { code } = error
  if (code === undefined || !/^ERR_(?:SSL|TLS_HANDSHAKE)_/.test(code)) return undefined
  const alert =
    /_ALERT_(\w+)$/.exec(code)?.[1] ?? (code.endsWith('_UNRECOGNIZED_NAME') ? 'UNRECOGNIZED_NAME' : undefined)
  const known = alert === undefined ? ownErrors[code] : (side === 'client' ? alertsToClient : alertsToServer)[alert]
  if (known !== undefined) return `${known} (${code})`
  const words = (alert ?? code.replace(/^ERR_SSL_/, '')).toLowerCase().replaceAll('_', ' ')
  return `${alert === undefined ? 'TLS failed' : 'the peer sent the TLS alert'}: ${words} (${code})`
}

/** Why a server refused a client, from its socket and what node:tls says of it; undefined when the client just left. */
export function refusalReason(socket: TLSSocket, error: NodeJS.ErrnoException): string | undefined {
  // node:tls closes such a socket without an error. The property is a code, although it is typed as an Error.
  const unauthorized = socket.authorizationError as unknown as string | null | undefined
  if (unauthorized) return `the client's certificate is not accepted (${unauthorized}); check \`tls.ca\``
  return tlsReason(error, 'server')
}

/** Why a server may have closed a connection before it sent a byte. */
export function closedEarly(socket: Socket): string {
  const why = 'it was closed by the peer before it sent a byte'
  const isTls = (socket as Partial<TLSSocket>).encrypted === true
  return `${why}; ${isTls ? 'does the server accept the client certificate (`tls.cert`)?' : 'does this port require TLS (`tls`)?'}`
}
