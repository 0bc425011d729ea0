/** Attackers beside an honest client: what they cost ends with them, and the honest calls are answered. */

import { once } from 'node:events'
import { connect } from 'node:net'
import { grpc } from '../../dist/grpc.js'
import { createClient } from '../../dist/index.js'
import { testing } from '../interop/grpc/test-service.mjs'
import { startServer } from './server-process.mjs'

const attackMs = 4_000
const attackers = 8
const slackMib = 16
const honestPauseMs = 5

const frame = (type, flags, stream, payload = Buffer.alloc(0)) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
const u32 = (value) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const literal = (index, value) => Buffer.concat([Buffer.from([index, value.length]), Buffer.from(value)])
const path = '/grpc.testing.TestService/FullDuplexCall'
// :method POST, :scheme http, :path, :authority, content-type, each without the table.
const head = Buffer.concat([
  Buffer.from([0x83, 0x86]),
  literal(0x04, path),
  literal(0x01, 'a'),
  Buffer.from([0x0f, 0x10]),
  literal(0, 'application/grpc').subarray(1),
  Buffer.from([0x00, 2]),
  Buffer.from('te'),
  literal(0, 'trailers').subarray(1),
])
const [data, headers, reset, settings, ping, windowUpdate, continuation] = [0, 1, 3, 4, 6, 8, 9]
const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(settings, 0, 0)])

const many = (count, make) => Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))
const opened = frame(headers, 4, 1, head)

/** What each sends: the first bytes, then the same again and again, made for the n-th time. */
const attacks = {
  'rapid reset': (n) =>
    many(500, (i) => {
      const stream = 1 + 2 * (n * 500 + i)
      return Buffer.concat([frame(headers, 4, stream, head), frame(reset, 0, stream, u32(8))])
    }),
  'streams that are never ended': (n) => many(500, (i) => frame(headers, 4, 1 + 2 * (n * 500 + i), head)),
  'a header block without end': (n) =>
    n === 0 ? frame(headers, 0, 1, head) : many(100, () => frame(continuation, 0, 1, Buffer.alloc(1_000))),
  PING: () => many(500, () => frame(ping, 0, 0, Buffer.alloc(8))),
  SETTINGS: () => many(500, () => frame(settings, 0, 0, Buffer.from([0, 4, 0, 0, 255, 255]))),
  'empty DATA': (n) => (n === 0 ? opened : many(500, () => frame(data, 0, 1))),
  'window overflow': (n) => (n === 0 ? opened : many(10, () => frame(windowUpdate, 0, 1, u32(0x7fff_ffff)))),
  'an HPACK bomb': (n) =>
    many(50, (i) => {
      const stored = Buffer.concat([
        Buffer.from([0x40, 1]),
        Buffer.from('x'),
        Buffer.from([0x7f, 0x81, 0x15]),
        Buffer.alloc(2_816, 97),
      ])
      const stream = 1 + 2 * (n * 50 + i)
      return frame(headers, 4, stream, Buffer.concat([head, n + i === 0 ? stored : Buffer.alloc(8_000, 0xbe)]))
    }),
  'messages longer than allowed': (n) =>
    n === 0 ? opened : frame(data, 0, 1, Buffer.from([0, 0xff, 0xff, 0xff, 0xff])),
  'a message that never comes whole': (n) =>
    n === 0
      ? Buffer.concat([opened, frame(data, 0, 1, Buffer.from([0, 0, 0x30, 0, 0]))])
      : many(4, () => frame(data, 0, 1, Buffer.alloc(16_000))),
  nonsense: () => Buffer.from(Array.from({ length: 4_000 }, () => Math.floor(Math.random() * 256))),
  'answers that nobody reads': (n) =>
    n < 100
      ? many(1, () => {
          const parameter = Buffer.from([0x12, 4, 0x08, 0x80, 0x80, 0x20])
          const message = Buffer.concat([Buffer.from([0, 0, 0, 0, parameter.length]), parameter])
          const stream = 1 + 2 * n
          return Buffer.concat([frame(headers, 4, stream, head), frame(data, 0, stream, message)])
        })
      : frame(ping, 0, 0, Buffer.alloc(8)),
}

/** Runs every attack beside an honest client; gives what is wrong. */
export async function soakFloods() {
  const server = await startServer()
  const wrong = []
  try {
    const warm = await honest(server.port, 500)
    if (warm.failed !== undefined) wrong.push(`before any attack: ${warm.failed}`)
    const before = await server.ask('held')
    console.log('| attack | connections ended | honest calls | slowest ms | server MiB left |\n|---|--:|--:|--:|--:|')
    for (const [name, make] of Object.entries(attacks)) {
      const [{ calls, slowest, failed }, ...ended] = await Promise.all([
        honest(server.port, attackMs),
        ...Array.from({ length: attackers }, () => attack(server.port, make, !name.startsWith('answers'))),
      ])
      const after = await settled(server)
      const left = after.heap - before.heap
      const count = ended.reduce((sum, one) => sum + one, 0)
      console.log(`| ${name} | ${count} | ${calls} | ${Math.round(slowest)} | ${left.toFixed(1)} |`)
      if (failed !== undefined) wrong.push(`${name}: an honest call failed: ${failed}`)
      if (calls === 0) wrong.push(`${name}: no honest call was answered`)
      if (left > slackMib) wrong.push(`${name}: ${left.toFixed(1)} MiB are left`)
      if (after.connections > 0) wrong.push(`${name}: ${after.connections} connections are left`)
      if (after.inFlight + after.abandoned > 0) wrong.push(`${name}: calls are left`)
    }
  } finally {
    await server.stop()
  }
  return wrong
}

async function settled(server) {
  for (let i = 0; ; i++) {
    const state = await server.ask('held')
    if (state.connections + state.inFlight + state.abandoned === 0 || i === 100) return state
  }
}

/** Calls one after another for so long. */
async function honest(port, ms) {
  const transport = grpc(`127.0.0.1:${port}`)
  const client = createClient(testing.TestService, transport, { timeoutMs: 10_000 })
  const until = performance.now() + ms
  let [calls, slowest, failed] = [0, 0]
  while (performance.now() < until) {
    const started = performance.now()
    await client.unaryCall({ responseSize: 64 }).then(
      () => calls++,
      (error) => {
        failed ??= `${error.code} ${error.message}`
      },
    )
    slowest = Math.max(slowest, performance.now() - started)
    await new Promise((resolve) => setTimeout(resolve, honestPauseMs))
  }
  await transport.close()
  return { calls, slowest, failed }
}

/** Attacks again and again, with a new connection when one is ended; how many were. */
async function attack(port, make, reads) {
  const until = performance.now() + attackMs
  let ended = 0
  while (performance.now() < until) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    let closed = false
    socket.on('close', () => {
      closed = true
    })
    if (reads) socket.resume()
    else socket.pause()
    socket.write(preface)
    for (let n = 0; !closed && performance.now() < until; n++) {
      if (socket.write(make(n))) await new Promise(setImmediate)
      else await once(socket, 'drain', { signal: AbortSignal.timeout(100) }).catch(() => {})
    }
    if (closed) ended++
    else {
      const over = once(socket, 'close')
      socket.destroy()
      await over
    }
  }
  return ended
}
