/** This package's gRPC. */

import { createClient, Server } from 'volo-ts'
import { grpc } from 'volo-ts/grpc'
import { Echo } from '../../gen/echo-proto.js'

/** A server on a free port. */
export async function serve() {
  const server = new Server().add(Echo, { echo: (request) => ({ action: request.action, message: request.message }) })
  const { port } = await server.listen('127.0.0.1:0')
  return { port, close: () => server.close() }
}

/** A client on one connection. */
export async function connect(port) {
  const wire = grpc(`127.0.0.1:${port}`)
  const client = createClient(Echo, wire)
  return {
    echo: (message) => client.echo({ action: 'echo', message }),
    close: () => wire.close(),
  }
}
