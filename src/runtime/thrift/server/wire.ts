/** The Thrift wire of a port. */

import type { Router } from '../../core/router.ts'
import type { Wire, WireConnection } from '../../core/wire.ts'
import type { ServerSocket } from '../../net/server-socket.ts'
import { matchThrift } from '../sniff.ts'
import { ThriftServerConnection } from './connection.ts'
import { ConnectionWatch } from './connection-timeouts.ts'
import type { ThriftWireOptions } from './options.ts'

/**
 * Thrift on a port: TTHeader, framed and buffered, binary (strict and old) and compact, told apart per message and
 * answered in kind. Calls of one connection run side by side; replies over TTHeader and framed go out as they are
 * ready, those without a frame in the order of their calls.
 */
export function thriftWire(options: ThriftWireOptions = {}): Wire<ServerSocket> {
  const watch = new ConnectionWatch(options)
  return {
    name: 'thrift',
    alpn: [],
    match: matchThrift,
    accept(socket: ServerSocket, first: Uint8Array, router: Router): WireConnection {
      const connection = new ThriftServerConnection(socket, first, router, options)
      watch.add(connection, socket.socket)
      return connection
    },
  }
}
