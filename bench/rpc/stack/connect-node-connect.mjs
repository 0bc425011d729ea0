/** `@connectrpc/connect-node` speaking Connect, with the messages of `@bufbuild/protobuf`; variants as in `volo-connect.mjs`. */

import { Agent, createServer as createHttp1 } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { createClient } from '@connectrpc/connect'
import { connectNodeAdapter, createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { toFileDescriptor } from 'volo-ts/grpc'
import { $file } from '../../gen/echo-proto.js'

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
  const server = variant.startsWith('2') ? createHttp2(adapter) : createHttp1(adapter)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) }
}

/** A client; over HTTP/1.1 with connections that are kept. */
export async function connect(port, variant) {
  const [httpVersion, format] = variant.split(' ')
  const baseUrl = `http://127.0.0.1:${port}`
  const agent = new Agent({ keepAlive: true })
  const sessionManager = httpVersion === '2' ? new Http2SessionManager(baseUrl) : undefined
  const common = { baseUrl, useBinaryFormat: format === 'proto' }
  const client = createClient(
    Echo,
    sessionManager === undefined
      ? createConnectTransport({ ...common, httpVersion: '1.1', nodeOptions: { agent } })
      : createConnectTransport({ ...common, httpVersion: '2', sessionManager }),
  )
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
    close: async () => {
      sessionManager?.abort()
      agent.destroy()
    },
  }
}
