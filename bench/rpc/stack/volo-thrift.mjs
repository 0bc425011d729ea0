/** This package's Thrift: TTHeader and framed, pool and multiplexed. */

import { createClient, Server } from 'volo-ts'
import { thrift } from 'volo-ts/thrift'
import { Echo } from '../../gen/echo-thrift.js'

/** A server on a free port. */
export async function serve() {
  const server = new Server().add(Echo, { echo: (request) => ({ action: request.action, message: request.message }) })
  const { port } = await server.listen('127.0.0.1:0')
  return { port, close: () => server.close() }
}

/** A client; `variant` is `<transport>-<connections>`. */
export async function connect(port, variant) {
  const [transport, connections] = variant.split('-')
  const wire = thrift(`127.0.0.1:${port}`, { transport, connections })
  const client = createClient(Echo, wire)
  return {
    echo: (message) => client.echo({ action: 'echo', message }),
    close: () => wire.close(),
  }
}
