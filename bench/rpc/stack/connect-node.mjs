/** `@connectrpc/connect-node` speaking gRPC, with the messages of `@bufbuild/protobuf`; variant `tls`. */

import { createSecureServer, createServer } from 'node:http2'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { createClient } from '@connectrpc/connect'
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { toFileDescriptor } from 'volo-ts/grpc'
import { $file } from '../../gen/echo-proto.js'
import { authority, certificate } from '../certificate.mjs'

const Echo = createFileRegistry(
  fromBinary(FileDescriptorProtoSchema, toFileDescriptor($file)),
  () => undefined,
).getService('bench.Echo')

const answer = (request) => ({ action: request.action, message: request.message })

/** A server on a free port. */
export async function serve(variant) {
  const adapter = connectNodeAdapter({
    routes(router) {
      router.service(Echo, {
        echo: answer,
        async *chat(requests) {
          for await (const request of requests) yield answer(request)
        },
      })
    },
  })
  const server = variant === 'tls' ? createSecureServer(certificate(), adapter) : createServer(adapter)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) }
}

/** A client on one session. */
export async function connect(port, variant) {
  const secure = variant === 'tls'
  const baseUrl = `${secure ? 'https' : 'http'}://127.0.0.1:${port}`
  const sessionManager = new Http2SessionManager(baseUrl, {}, secure ? { ca: authority() } : {})
  const client = createClient(Echo, createGrpcTransport({ baseUrl, httpVersion: '2', sessionManager }))
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
    close: async () => sessionManager.abort(),
  }
}
