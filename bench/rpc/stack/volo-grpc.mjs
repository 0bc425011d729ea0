/** This package's gRPC; variants `tls`, and `late`, whose streams are read a second after they began. */

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
      if (variant === 'late') {
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        let count = 0
        for await (const _ of requests) count++
        yield { message: String(count) }
        return
      }
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
    async collect(message, count) {
      async function* requests() {
        for (let i = 0; i < count; i++) yield { action: '', message }
      }
      for await (const reply of client.chat(requests())) return Number(reply.message)
    },
    close: () => wire.close(),
  }
}
