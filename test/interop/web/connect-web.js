/** connect-web in the same page, by every protocol that it has. */

import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Code, createClient } from '@connectrpc/connect'
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web'

/** Runs the checks. */
export async function connectWebChecks({ api, check, equal, failure }) {
  const files = await (await fetch('/descriptors.json')).json()
  const file = files.map((text) =>
    fromBinary(
      FileDescriptorProtoSchema,
      Uint8Array.from(atob(text), (char) => char.charCodeAt(0)),
    ),
  )
  const Shop = createFileRegistry(create(FileDescriptorSetSchema, { file })).getService('web.v1.Shop')
  const transports = {
    Connect: createConnectTransport({ baseUrl: api, useBinaryFormat: true }),
    'Connect with JSON': createConnectTransport({ baseUrl: api, useBinaryFormat: false }),
    'gRPC-web': createGrpcWebTransport({ baseUrl: api, useBinaryFormat: true }),
    'gRPC-web with JSON': createGrpcWebTransport({ baseUrl: api, useBinaryFormat: false }),
  }
  for (const [form, transport] of Object.entries(transports)) {
    const shop = createClient(Shop, transport)

    await check(`connect-web: unary calls and streams, ${form}`, async () => {
      const data = new Uint8Array(200_000).map((_, i) => i)
      const item = await shop.get({ name: 'grüße', count: 9007199254740993n, data })
      equal([item.name, item.count, item.data[77_777]], ['grüße', 9007199254740993n, 77_777 & 255])
      const counts = []
      for await (const { count } of shop.list({ name: 'x', count: 3n })) counts.push(count)
      equal(counts, [0n, 1n, 2n])
    })

    await check(`connect-web: errors and deadlines, ${form}`, async () => {
      const error = await failure(shop.get({ name: 'bad' }))
      equal([error.code, error.rawMessage, error.details.length], [Code.InvalidArgument, 'größer', 1])
      equal((await failure(shop.get({ name: 'never' }, { timeoutMs: 200 }))).code, Code.DeadlineExceeded)
    })

    await check(`connect-web: leaving a stream cancels it on the server, ${form}`, async () => {
      const controller = new AbortController()
      const stream = shop.list({ name: 'endless', count: 0n }, { signal: controller.signal })
      for await (const { count } of stream) if (count === 3n) break
      controller.abort()
      const start = performance.now()
      for (;;) {
        const { count } = await shop.get({ name: 'open streams' })
        if (count === 0n) return
        if (performance.now() - start > 5_000) throw new Error('the server streams on')
      }
    })
  }
}
