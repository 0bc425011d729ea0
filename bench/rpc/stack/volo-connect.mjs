/** This package's Connect protocol; variants `2 proto`, `2 json`, `1.1 proto`, `1.1 json`: version of HTTP, format of messages. */

import { createClient, Server } from 'volo-ts'
import { connect as connectTransport, protoJson } from 'volo-ts/grpc'
import { Echo } from '../../gen/echo-proto.js'

const answer = (request) => ({ action: request.action, message: request.message })

/** A server on a free port. */
export async function serve() {
  const server = new Server({ http: {} }).add(Echo, {
    echo: answer,
    async *chat(requests) {
      for await (const request of requests) yield answer(request)
    },
  })
  const { port } = await server.listen('127.0.0.1:0')
  return { port, close: () => server.close() }
}

/** A client. */
export async function connect(port, variant) {
  const [httpVersion, format] = variant.split(' ')
  const wire = connectTransport(`127.0.0.1:${port}`, {
    httpVersion,
    ...(format === 'json' && { format: protoJson() }),
  })
  const client = createClient(Echo, wire)
  return {
    echo: (message) => client.echo({ action: 'echo', message }),
    async chat(message, count) {
      async function* requests() {
        for (let i = 0; i < count; i++) yield { action: 'echo', message }
      }
      let got = 0
      for await (const _ of client.chat(requests())) got++
      return got
    },
    close: () => wire.close(),
  }
}
