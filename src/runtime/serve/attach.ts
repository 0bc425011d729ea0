/** attach(): a port's wires on the connections of an HTTP server that belongs to somebody else. */

import type { Router } from '../core/router.ts'
import type { GrpcWireOptions } from '../grpc/server/wire.ts'
import type { Http1Listener, Http1Server } from '../net/http1.ts'
import type { Socket } from '../net/socket.ts'
import { http1Answerer, type ServerHttpOptions } from './http1.ts'
import type { Port } from './port.ts'

type Listener = (...args: unknown[]) => void

/**
 * Stands in front of the listeners that the server has: for its connections, to take those that speak something else
 * than HTTP/1.1, and, where `http` is given, for its requests. Returns what puts everything back.
 */
export function attach(
  server: Http1Server,
  port: Port,
  router: Router,
  http: ServerHttpOptions | undefined,
  grpc: GrpcWireOptions,
  onError: (error: unknown) => void,
): () => void {
  const isSecure = server.listenerCount('secureConnection') > 0
  const detach = [
    standBefore(server, isSecure ? 'secureConnection' : 'connection', (next, socket) => {
      port.adopt(socket as Socket, next)
    }),
  ]
  if (http !== undefined) {
    const answerer = http1Answerer(http, grpc, router, onError)
    detach.push(
      standBefore(server, 'request', (next, request, response) => {
        const args = [request, response] as Parameters<Http1Listener>
        if (answerer.answers(args[0])) answerer.listener(...args)
        else next()
      }),
    )
  }
  return () => {
    for (const one of detach) one()
  }
}

/** Takes the place of an event's listeners; `next` calls them as if nobody stood before them. */
function standBefore(
  server: Http1Server,
  event: string,
  first: (next: () => void, ...args: unknown[]) => void,
): () => void {
  const behind = server.listeners(event) as Listener[]
  const own: Listener = (...args) => {
    first(
      () => {
        for (const listener of behind) listener.apply(server, args)
      },
      ...args,
    )
  }
  server.removeAllListeners(event)
  server.on(event, own)
  return () => {
    server.off(event, own)
    for (const listener of behind) server.on(event, listener)
  }
}
