/** This package's Thrift: TTHeader and framed, pool and multiplexed, bare and with layers and deadline. */

import { createClient, Server } from 'volo-ts'
import { thrift } from 'volo-ts/thrift'
import { Echo } from '../../gen/echo-thrift.js'

/** A layer that does what most do: passes on, and looks at the outcome. */
const layer = (next) => (cx, request) => next(cx, request).then((response) => response)

/** A server on a free port; `variant` may end in `-layers`, which adds five. */
export async function serve(variant = '') {
  const layers = variant.endsWith('-layers') ? [layer, layer, layer, layer, layer] : []
  const server = new Server({ layers })
  server.add(Echo, { echo: (request) => ({ action: request.action, message: request.message }) })
  const { port } = await server.listen('127.0.0.1:0')
  return { port, close: () => server.close() }
}

/** A client; `variant` is `<transport>-<connections>`, and `-layers` for five layers and a deadline. */
export async function connect(port, variant) {
  const [transport, connections, extra] = variant.split('-')
  // An open loop goes on sending while the machine pauses: a longer line than the usual one takes what has piled up.
  const wire = thrift(`127.0.0.1:${port}`, { transport, connections, pool: { maxWaiting: 100_000 } })
  const options = extra === 'layers' ? { layers: [layer, layer, layer, layer, layer], timeoutMs: 10_000 } : {}
  const client = createClient(Echo, wire, options)
  return {
    echo: (message) => client.echo({ action: 'echo', message }),
    close: () => wire.close(),
  }
}
