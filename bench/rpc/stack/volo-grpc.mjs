/** This package's gRPC; variant `tls`. */

import { createClient, Server } from 'volo-ts'
import { grpc } from 'volo-ts/grpc'
import { Echo } from '../../gen/echo-proto.js'
import { authority, certificate } from '../certificate.mjs'

const answer = (request) => ({ action: request.action, message: request.message })

/** A server on a free port. */
export async function serve(variant) {
  const server = new Server(variant === 'tls' ? { tls: certificate() } : {}).add(Echo, {
    echo: answer,
    async *chat(requests) {
      for await (const request of requests) yield answer(request)
    },
  })
  const { port } = await server.listen('127.0.0.1:0')
  return { port, close: () => server.close() }
}

/** A client on one connection. */
export async function connect(port, variant) {
  const wire = grpc(`127.0.0.1:${port}`, variant === 'tls' ? { tls: { ca: authority() } } : {})
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
