/**
 * The interoperability cases of gRPC (doc/interop-test-descriptions.md of grpc/grpc), written once for every client of JavaScript.
 *
 * A client has `call(method, request or requests, options)`, which gives a promise or, for a stream of responses, an async
 * iterable; `failure(error)` as `{ code, message }`; `plain(message)`, a message that is not to be compressed. Options are
 * `metadata`, `timeoutMs`, `signal`, `compress`, `onHeaders(get)` and `onTrailers(get)`.
 */

import assert from 'node:assert/strict'

export const code = { CANCELLED: 1, UNKNOWN: 2, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, UNIMPLEMENTED: 12 }
const largeRequest = 271_828
const largeResponse = 314_159
const uploads = [27_182, 8, 1_828, 45_904]
const downloads = [31_415, 9, 2_653, 58_979]
const specialMessage = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n'

const zeros = (size) => ({ body: new Uint8Array(size) })

async function all(stream) {
  const messages = []
  for await (const message of stream) messages.push(message)
  return messages
}

/** Pulls nothing and gives nothing until it is left: requests of a caller who has not decided yet. */
async function* pending(signal) {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

/** What a call failed with; a call that did not fail is wrong. */
async function failed({ client }, work) {
  let error
  try {
    await work()
  } catch (thrown) {
    error = thrown
  }
  assert(error !== undefined, 'the call did not fail')
  return client.failure(error)
}

/** A queue whose messages are pushed one by one, as requests. */
function queue() {
  const waiting = []
  let wake = () => {}
  let over = false
  return {
    push(message) {
      waiting.push(message)
      wake()
    },
    end() {
      over = true
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift()
        if (over) return
        await new Promise((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

/** One function for each case; it gets `{ client, tap, judges }`: `judges` says whether the server looks at `expect_compressed`. */
export const cases = {
  async empty_unary({ client }) {
    await client.call('emptyCall', {})
  },

  async large_unary({ client }) {
    const { payload } = await client.call('unaryCall', { responseSize: largeResponse, payload: zeros(largeRequest) })
    assert.deepEqual(payload.body, new Uint8Array(largeResponse))
  },

  async client_streaming({ client }) {
    const requests = uploads.map((size) => ({ payload: zeros(size) }))
    assert.equal((await client.call('streamingInputCall', requests)).aggregatedPayloadSize, 74_922)
  },

  async server_streaming({ client }) {
    const responseParameters = downloads.map((size) => ({ size }))
    const responses = await all(client.call('streamingOutputCall', { responseParameters }))
    assert.deepEqual(
      responses.map(({ payload }) => payload.body.length),
      downloads,
    )
  },

  async ping_pong({ client }) {
    const requests = queue()
    const ping = (i) => requests.push({ responseParameters: [{ size: downloads[i] }], payload: zeros(uploads[i]) })
    ping(0)
    let count = 0
    for await (const { payload } of client.call('fullDuplexCall', requests)) {
      assert.equal(payload.body.length, downloads[count++])
      if (count < downloads.length) ping(count)
      else requests.end()
    }
    assert.equal(count, downloads.length)
  },

  async empty_stream({ client }) {
    assert.deepEqual(await all(client.call('fullDuplexCall', [])), [])
  },

  async client_compressed_unary(world) {
    const { client, tap, judges } = world
    const request = (expected) => ({
      expectCompressed: { value: expected },
      responseSize: largeResponse,
      payload: zeros(largeRequest),
    })
    if (judges) {
      const { code: got } = await failed(world, () => client.call('unaryCall', client.plain(request(true))))
      assert.equal(got, code.INVALID_ARGUMENT)
    }
    for (const compress of [true, false]) {
      const { payload } = await client.call('unaryCall', request(compress), { compress })
      assert.equal(payload.body.length, largeResponse)
      assert.deepEqual(
        tap.requests().map((one) => one.compressed),
        [compress],
      )
    }
  },

  async server_compressed_unary({ client, tap }) {
    for (const value of [true, false]) {
      const request = { responseCompressed: { value }, responseSize: largeResponse, payload: zeros(largeRequest) }
      const { payload } = await client.call('unaryCall', request)
      assert.equal(payload.body.length, largeResponse)
      assert.deepEqual(
        tap.responses().map((one) => one.compressed),
        [value],
      )
    }
  },

  async client_compressed_streaming(world) {
    const { client, tap, judges } = world
    const request = (size, value) => ({ expectCompressed: { value }, payload: zeros(size) })
    if (judges) {
      const probe = [client.plain(request(27_182, true))]
      const { code: got } = await failed(world, () => client.call('streamingInputCall', probe))
      assert.equal(got, code.INVALID_ARGUMENT)
    }
    const requests = [request(27_182, true), client.plain(request(45_904, false))]
    const { aggregatedPayloadSize } = await client.call('streamingInputCall', requests, { compress: true })
    assert.equal(aggregatedPayloadSize, 73_086)
    assert.deepEqual(
      tap.requests().map((one) => one.compressed),
      [true, false],
    )
  },

  async server_compressed_streaming({ client, tap }) {
    const responseParameters = [
      { compressed: { value: true }, size: 31_415 },
      { compressed: { value: false }, size: 92_653 },
    ]
    const responses = await all(client.call('streamingOutputCall', { responseParameters }))
    assert.deepEqual(
      responses.map(({ payload }) => payload.body.length),
      [31_415, 92_653],
    )
    assert.deepEqual(
      tap.responses().map((one) => one.compressed),
      [true, false],
    )
  },

  async custom_metadata({ client }) {
    const bytes = Uint8Array.of(0xab, 0xab, 0xab)
    const metadata = [
      ['x-grpc-test-echo-initial', 'test_initial_metadata_value'],
      ['x-grpc-test-echo-trailing-bin', bytes],
    ]
    const calls = [
      (options) => client.call('unaryCall', { responseSize: 1, payload: zeros(1) }, options),
      (options) =>
        all(client.call('fullDuplexCall', [{ responseParameters: [{ size: 1 }], payload: zeros(1) }], options)),
    ]
    for (const call of calls) {
      let [initial, trailing] = []
      await call({
        metadata,
        onHeaders: (get) => {
          initial = get('x-grpc-test-echo-initial')
        },
        onTrailers: (get) => {
          trailing = get('x-grpc-test-echo-trailing-bin')
        },
      })
      assert.equal(initial, 'test_initial_metadata_value')
      assert.deepEqual(new Uint8Array(trailing), bytes)
    }
  },

  async status_code_and_message(world) {
    const responseStatus = { code: code.UNKNOWN, message: 'test status message' }
    const expected = { code: code.UNKNOWN, message: 'test status message' }
    assert.deepEqual(await failed(world, () => world.client.call('unaryCall', { responseStatus })), expected)
    const streamed = () => all(world.client.call('fullDuplexCall', [{ responseStatus }]))
    assert.deepEqual(await failed(world, streamed), expected)
  },

  async special_status_message(world) {
    const responseStatus = { code: code.UNKNOWN, message: specialMessage }
    assert.deepEqual(await failed(world, () => world.client.call('unaryCall', { responseStatus })), {
      code: code.UNKNOWN,
      message: specialMessage,
    })
  },

  async unimplemented_method(world) {
    const { code: got } = await failed(world, () => world.client.call('unimplementedCall', {}))
    assert.equal(got, code.UNIMPLEMENTED)
  },

  async unimplemented_service(world) {
    const { code: got } = await failed(world, () => world.client.callUnknownService())
    assert.equal(got, code.UNIMPLEMENTED)
  },

  async cancel_after_begin(world) {
    const abort = new AbortController()
    const call = world.client.call('streamingInputCall', pending(abort.signal), { signal: abort.signal })
    const outcome = failed(world, () => call)
    await new Promise((resolve) => setTimeout(resolve, 20))
    abort.abort()
    assert.equal((await outcome).code, code.CANCELLED)
  },

  async cancel_after_first_response(world) {
    const abort = new AbortController()
    const requests = queue()
    requests.push({ responseParameters: [{ size: 31_415 }], payload: zeros(27_182) })
    const { code: got } = await failed(world, async () => {
      for await (const { payload } of world.client.call('fullDuplexCall', requests, { signal: abort.signal })) {
        assert.equal(payload.body.length, 31_415)
        abort.abort()
      }
    })
    requests.end()
    assert.equal(got, code.CANCELLED)
  },

  async timeout_on_sleeping_server(world) {
    const requests = queue()
    requests.push({ payload: zeros(27_182) })
    const { code: got } = await failed(world, () =>
      all(world.client.call('fullDuplexCall', requests, { timeoutMs: 1 })),
    )
    requests.end()
    assert.equal(got, code.DEADLINE_EXCEEDED)
  },
}
