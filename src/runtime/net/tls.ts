/** TLS options of clients and servers, and how they become those of node:tls. */

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP, isIPv6 } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate, type TlsOptions } from 'node:tls'
import { RpcError } from '../core/error.ts'

/** A certificate or key: PEM text, its bytes, or the file that holds it. */
export type Pem = string | Uint8Array | { readonly file: string }

/** TLS of a client. Everything is optional; `{}` trusts the system's authorities and checks the host name. */
export interface ClientTlsOptions {
  /** Authorities to trust instead of the system's. */
  readonly ca?: Pem | undefined
  /** This side's certificate and key, for servers that ask (mTLS). */
  readonly cert?: Pem | undefined
  readonly key?: Pem | undefined
  readonly passphrase?: string | undefined
  /** The name or IP address that the certificate must be for. Default: the host of the address. */
  readonly servername?: string | undefined
  /** False accepts any certificate: only for tests. Default true. */
  readonly rejectUnauthorized?: boolean | undefined
}

/** TLS of a server. */
export interface ServerTlsOptions {
  readonly cert: Pem
  readonly key: Pem
  readonly passphrase?: string | undefined
  /** Authorities that client certificates must come from (mTLS). */
  readonly ca?: Pem | undefined
  /** Whether a client must show a certificate of `ca`. Default: true when `ca` is given. */
  readonly requireClientCert?: boolean | undefined
  /** Milliseconds a handshake may take. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined
}

/**
 * The options of `tls.connect` without those of the address. The certificate is checked against `servername`, else
 * `host`, else `localhost`, whatever socket node:tls gets. Only a name is sent as SNI (RFC 6066 section 3).
 */
export function clientTls(
  options: ClientTlsOptions,
  host: string | undefined,
  alpn: readonly string[],
): ConnectionOptions {
  const identity = (options.servername || host || 'localhost').replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  return {
    ...material(options),
    ...(isIP(identity) === 0 ? { servername: identity.replace(/\.$/, '') } : {}),
    checkServerIdentity: (_host, certificate) => checkIdentity(identity, certificate),
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
    ...(options.rejectUnauthorized === false ? { rejectUnauthorized: false } : {}),
  }
}

/** Like node:tls does; but Node 22.23 takes an IPv6 address for an empty name, and then refuses every certificate. */
function checkIdentity(identity: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(identity, certificate)
  if (error === undefined || !isIPv6(identity)) return error
  return new X509Certificate(certificate.raw).checkIP(identity) === undefined ? error : undefined
}

/** The options of `tls.createServer`. */
export function serverTls(options: ServerTlsOptions, alpn: readonly string[]): TlsOptions {
  const ask = options.requireClientCert ?? options.ca !== undefined
  return {
    ...material(options),
    ...(ask ? { requestCert: true, rejectUnauthorized: true } : {}),
    handshakeTimeout: options.handshakeTimeoutMs ?? 10_000,
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
  }
}

function material(
  options: Pick<ClientTlsOptions, 'ca' | 'cert' | 'key' | 'passphrase'>,
): Pick<TlsOptions, 'ca' | 'cert' | 'key' | 'passphrase'> {
  return {
    ...(options.ca === undefined ? {} : { ca: pem(options.ca, 'ca') }),
    ...(options.cert === undefined ? {} : { cert: pem(options.cert, 'cert') }),
    ...(options.key === undefined ? {} : { key: pem(options.key, 'key') }),
    ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
  }
}

function pem(value: Pem, what: string): string | Buffer {
  if (typeof value === 'string') {
    if (!value.includes('-----BEGIN ')) {
      // Anything else may be a secret.
      const hint = /\.(?:pem|crt|cer|key)$/i.test(value) ? `; a file is { file: ${JSON.stringify(value)} }` : ''
      throw new RpcError('INVALID_ARGUMENT', `the TLS ${what} is not PEM text${hint}`)
    }
    return value
  }
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  try {
    return readFileSync(value.file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new RpcError('INVALID_ARGUMENT', `cannot read the TLS ${what} file ${value.file}: ${reason}`, { cause })
  }
}
