/** The Thrift wire of a port. */

import type { Router } from '../../core/router.ts'
import type { Wire, WireConnection } from '../../core/wire.ts'
import type { ServerSocket } from '../../net/server-socket.ts'
import { matchThrift } from '../sniff.ts'
import { type ThriftConnectionOptions, ThriftServerConnection } from './connection.ts'
import { ConnectionTimeouts } from './connection-timeouts.ts'

/**
 * Thrift on a port: TTHeader, framed and buffered, binary (strict and old) and compact, told apart per message and
 * answered in kind. The sequence ids of its requests decide which of a connection's calls run side by side and in which
 * order they are answered (`reply-order`).
 */
export function thriftWire(options: ThriftConnectionOptions = {}): Wire<ServerSocket> {
  const watch = new ConnectionTimeouts(options)
  return {
    name: 'thrift',
    alpn: [],
    match: matchThrift,
    accept(socket: ServerSocket, first: Uint8Array, router: Router): WireConnection {
      const connection = new ThriftServerConnection(socket, first, router, options)
      watch.add(connection, socket.socket)
      return connection
    },
    refuse(socket, first, router, reason) {
      watch.add(new ThriftServerConnection(socket, first, router, options, reason), socket.socket)
    },
  }
}
