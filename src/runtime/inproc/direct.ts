/** inProcess(): a transport to a server in the same process, by plain calls. */

import type { Peer } from '../core/context.ts'
import { directService } from '../core/direct-service.ts'
import { RpcError } from '../core/error.ts'
import type { RunningCall } from '../core/server-call.ts'
import { drainFor, type ServerRouter } from '../core/server-router.ts'
import type { Transport } from '../core/transport.ts'

/** Options of {@link inProcess}. */
export interface InProcessOptions {
  /** What handlers see as `cx.peer.address`. Default `inproc`. */
  readonly address?: string | undefined
}

/**
 * A transport to the services of a server (or of a bare router) in this process: both layer stacks run, no bytes are
 * made. Complete messages pass as the same object, so neither side may change one that the other still holds;
 * incomplete ones are copied and filled. The handler runs up to its first `await` before the call returns to its
 * caller. The callee has a context of its own: deadline, caller, metadata and metainfo cross, cancellation crosses in
 * both directions, streams are pulled. Declared exceptions, BizErrors and RpcErrors arrive as the same object; an
 * unknown throw arrives as INTERNAL with the value as its `cause`.
 *
 * `close()` ends what runs through this transport and leaves the server open.
 */
export function inProcess(
  server: { readonly router: ServerRouter } | ServerRouter,
  options: InProcessOptions = {},
): Transport {
  const router = 'router' in server ? server.router : server
  // The calls of this transport are known by this very object.
  const peer: Peer = { address: options.address ?? 'inproc', kind: 'inproc' }
  let closed: RpcError | undefined
  let closing: Promise<void> | undefined
  const calls = (): RunningCall[] => [...router.calls()].filter((call) => call.peer === peer)
  return {
    bind: (service) => directService(service, router, peer, () => closed),
    close({ drainMs = 0 } = {}) {
      closed ??= new RpcError('UNAVAILABLE', 'the in-process transport is closed', { stack: false, bytesSent: false })
      const reason = closed
      closing ??= drainFor(Promise.all(calls().map((call) => call.left())), drainMs).then(() => {
        for (const call of calls()) call.cancel(reason)
      })
      return closing
    },
  }
}
