/** Listening: sockets that take connections on TCP ports, Unix sockets and inherited descriptors. */

import { lstat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { RpcError } from '../core/error.ts'
import { type Address, formatAddress, formatHostPort } from './address.ts'

/** What was bound. */
export interface BoundAddress {
  /** `127.0.0.1:41234`, `[::]:8080`, `unix:/run/shop.sock`. */
  readonly address: string
  /** The TCP port; undefined on a Unix socket. */
  readonly port: number | undefined
  readonly host: string | undefined
  /** The path of a Unix socket, empty where it is not known (an inherited `fd`); undefined on TCP. */
  readonly path: string | undefined
}

/** A bound listener. */
export interface Listener {
  readonly bound: BoundAddress
  /** Stops taking connections; those that stand are not touched. Resolves when the address is free again. */
  close(): Promise<void>
}

/** How to listen. */
export interface ListenOptions {
  /** Gets every accepted socket, paused, with no-delay set, and what it was accepted on. */
  readonly onSocket: (socket: Socket, bound: BoundAddress) => void
  /** Hears of failed accepts (`EMFILE`), at most once a second; the listener goes on. */
  readonly onAcceptError?: ((error: Error) => void) | undefined
  /** Connections the kernel queues before they are accepted. Default 511. */
  readonly backlog?: number | undefined
}

/**
 * Binds one address. Rejects with an RpcError that names it: UNAVAILABLE when it is in use, PERMISSION_DENIED without
 * the right to it. A socket file that nobody listens on is replaced; a live one never is.
 */
export async function listen(address: Address, options: ListenOptions): Promise<Listener> {
  const server = createServer({
    pauseOnConnect: true,
    noDelay: true,
    // A peer that vanished without a word is found out by the kernel.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  })
  try {
    await bind(server, address, options.backlog)
  } catch (error) {
    if (address.kind !== 'unix' || codeOf(error) !== 'EADDRINUSE') throw explain(address, error)
    await removeStale(address.path)
    await bind(server, address, options.backlog).catch((again: unknown) => {
      throw explain(address, again)
    })
  }
  surviveAcceptErrors(server, options.onAcceptError)
  const bound = boundOf(server, address)
  server.on('connection', (socket) => options.onSocket(socket, bound))
  return {
    bound,
    close: () => new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve())),
  }
}

function bind(server: Server, address: Address, backlog = 511): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(error)
    server.once('error', onError)
    const done = (): void => {
      server.off('error', onError)
      resolve()
    }
    if (address.kind === 'unix') server.listen({ path: address.path, backlog }, done)
    else if (address.kind === 'fd') server.listen({ fd: address.fd }, done)
    else
      server.listen(
        { port: address.port, backlog, ...(address.host === undefined ? {} : { host: address.host }) },
        done,
      )
  })
}

async function removeStale(path: string): Promise<void> {
  const inUse = (why: string): RpcError =>
    new RpcError('UNAVAILABLE', `cannot listen on unix:${path}: ${why} (EADDRINUSE)`)
  const stat = await lstat(path).catch(() => undefined)
  if (stat === undefined) return
  if (!stat.isSocket()) throw inUse('the file exists and is not a socket; remove it or choose another path')
  const reason = await probe(path)
  if (reason === undefined) throw inUse('another process listens there; stop it or choose another path')
  if (reason !== 'ECONNREFUSED') throw inUse(`the socket file exists and cannot be probed: ${reason}`)
  await unlink(path).catch(() => undefined)
}

/** Undefined when somebody answers there, else the error code of the attempt. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error) => resolve(codeOf(error) ?? error.message))
  })
}

function surviveAcceptErrors(server: Server, onAcceptError: ((error: Error) => void) | undefined): void {
  let quietUntil = 0
  server.on('error', (error) => {
    const now = performance.now()
    if (now < quietUntil) return
    quietUntil = now + 1_000
    onAcceptError?.(error)
  })
}

function boundOf(server: Server, address: Address): BoundAddress {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') {
    const path = bound ?? (address.kind === 'unix' ? address.path : '')
    return { address: `unix:${path}`, port: undefined, host: undefined, path }
  }
  return { address: formatHostPort(bound.address, bound.port), port: bound.port, host: bound.address, path: undefined }
}

function explain(address: Address, error: unknown): RpcError {
  if (error instanceof RpcError) return error
  const shown = formatAddress(address)
  const code = codeOf(error)
  const say = (rpc: 'UNAVAILABLE' | 'PERMISSION_DENIED' | 'INVALID_ARGUMENT', why: string): RpcError =>
    new RpcError(rpc, `cannot listen on ${shown}: ${why} (${code})`, { cause: error })
  if (address.kind === 'fd')
    return say('INVALID_ARGUMENT', 'the descriptor is not a socket that this process can listen on')
  if (code === 'EADDRINUSE')
    return say(
      'UNAVAILABLE',
      'the address is in use; stop the process that has it or choose another port (0 picks a free one)',
    )
  if (code === 'EACCES' || code === 'EPERM')
    return say('PERMISSION_DENIED', 'no permission; use a port from 1024 up or a path this user may write')
  if (code === 'EADDRNOTAVAIL') return say('UNAVAILABLE', 'this machine does not have that address')
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return say('INVALID_ARGUMENT', 'the host name is unknown')
  if (code === 'ENOENT') return say('INVALID_ARGUMENT', 'the folder of the socket file does not exist')
  const reason = error instanceof Error ? error.message : String(error)
  return new RpcError('UNAVAILABLE', `cannot listen on ${shown}: ${reason}`, { cause: error })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
