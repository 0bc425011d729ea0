/** What the page does: calls a server of another origin, by gRPC-web and Connect, with this package and with connect-web, and tells its own server how it went. */

import { anyUnpack, BadRequest, connect, createClient, grpcWeb, isBizError, isRpcError, protoJson } from 'volo-ts/web'
import { connectWebChecks } from './connect-web.js'
import { Shop } from './shop.js'

const parameters = new URL(location.href).searchParams
const api = parameters.get('api')
const results = []

async function check(name, run) {
  try {
    await run()
    results.push({ name, ok: true })
  } catch (error) {
    results.push({ name, ok: false, detail: String(error?.stack ?? error) })
  }
}

function equal(actual, expected) {
  const text = (value) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one))
  if (text(actual) !== text(expected)) throw new Error(`${text(actual)} is not ${text(expected)}`)
}

async function failure(work) {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

const transports = {
  'gRPC-web': grpcWeb(api),
  'gRPC-web as text': grpcWeb(api, { text: true }),
  'gRPC-web compressed': grpcWeb(api, { acceptCompression: true }),
  Connect: connect(api),
  'Connect compressed': connect(api, { acceptCompression: true }),
  'Connect with JSON': connect(api, { format: protoJson() }),
}

for (const [form, transport] of Object.entries(transports)) {
  const shop = createClient(Shop, transport)

  await check(`unary, ${form}`, async () => {
    const data = new Uint8Array(200_000).map((_, i) => i)
    const item = await shop.get({ name: 'grüße', count: 9007199254740993n, data })
    equal(
      [item.name, item.count, item.data.length, item.data[77_777]],
      ['grüße', 9007199254740993n, 200_000, 77_777 & 255],
    )
  })

  await check(`server streaming, message by message, ${form}`, async () => {
    const counts = []
    let first
    const start = performance.now()
    for await (const { count } of shop.list({ name: 'slow', count: 3n })) {
      counts.push(count)
      first ??= performance.now() - start
    }
    equal(counts, [0n, 1n, 2n])
    if (performance.now() - start < first + 100) throw new Error('the messages came all at once')
  })

  await check(`metadata both ways, ${form}`, async () => {
    let head
    let tail
    await shop.get(
      { name: 'meta' },
      {
        metadata: { 'x-token': 'abc', 'x-raw-bin': new Uint8Array([0, 255]) },
        onHeaders: (headers) => {
          head = [headers.get('x-echo'), [...headers.get('x-echo-bin')]]
        },
        onTrailers: (trailers) => {
          tail = trailers.get('x-tail')
        },
      },
    )
    equal([head, tail], [['abc', [0, 255]], 't'])
  })

  await check(`errors with details, ${form}`, async () => {
    const error = await failure(shop.get({ name: 'bad' }))
    equal([isRpcError(error), error.code, error.message], [true, 'INVALID_ARGUMENT', 'größer'])
    equal(anyUnpack(error.details[0], BadRequest).fieldViolations[0].field, 'name')
    const biz = await failure(shop.get({ name: 'biz' }))
    equal([isBizError(biz), biz.status, biz.message], [true, 404, 'sold out'])
  })

  await check(`a deadline, ${form}`, async () => {
    equal((await failure(shop.get({ name: 'never' }, { timeoutMs: 200 }))).code, 'DEADLINE_EXCEEDED')
  })

  await check(`an AbortSignal, ${form}`, async () => {
    const controller = new AbortController()
    const call = failure(shop.get({ name: 'never' }, { signal: controller.signal }))
    setTimeout(() => controller.abort(), 50)
    equal((await call).code, 'CANCELLED')
  })

  await check(`leaving a stream cancels it on the server, ${form}`, async () => {
    for await (const { count } of shop.list({ name: 'endless', count: 0n })) if (count === 3n) break
    const start = performance.now()
    for (;;) {
      const { count } = await shop.get({ name: 'open streams' })
      if (count === 0n) return
      if (performance.now() - start > 5_000) throw new Error('the server streams on')
    }
  })
}

await check('an origin that the server does not know is kept out', async () => {
  const shop = createClient(Shop, grpcWeb(parameters.get('closed')))
  equal((await failure(shop.get({}))).code, 'UNAVAILABLE')
})

for (const [name, make] of Object.entries({ 'gRPC-web': grpcWeb, Connect: connect })) {
  await check(`a stream of requests over HTTP/2, ${name}`, async () => {
    const shop = createClient(Shop, make(parameters.get('secure')))
    async function* items() {
      for (let i = 0; i < 3; i++) yield { name: 'x'.repeat(100_000) }
    }
    equal((await shop.collect(items())).count, 3n)
  })

  await check(`a stream of requests over HTTP/1.1 fails at once, ${name}`, async () => {
    equal((await failure(createClient(Shop, make(api)).collect([{}]))).code, 'UNAVAILABLE')
  })
}

await connectWebChecks({ api, check, equal, failure })

await check('JSON by fetch', async () => {
  const answer = await fetch(`${api}/web.v1.Shop/Get`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"json","count":"7"}',
  })
  equal([answer.status, await answer.json()], [200, { name: 'json', count: '7' }])
})

await fetch('/result', { method: 'POST', body: JSON.stringify(results) })
