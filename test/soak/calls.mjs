/** Calls of every kind and every end, through one transport after another: the heaps of both sides must stay flat. */

import { grpc } from '../../dist/grpc.js'
import { createClient, isRpcError } from '../../dist/index.js'
import { testing } from '../interop/grpc/test-service.mjs'
import { held } from './held.mjs'
import { startServer } from './server-process.mjs'

const lanes = 64
const marks = 10
/** What the heaps may grow between a tenth of the way and its end. */
const slackMib = 4

const body = new Uint8Array(64)
const output = (count, intervalUs = 0) => ({
  responseParameters: Array.from({ length: count }, () => ({ size: 64, intervalUs })),
})

async function* each(count, message) {
  for (let i = 0; i < count; i++) yield message
}

async function read(stream, upTo = Number.POSITIVE_INFINITY) {
  let count = 0
  for await (const _ of stream) if (++count === upTo) break
  return count
}

/** Fails unless the call ends with a code. */
async function ends(code, work) {
  try {
    await work
  } catch (error) {
    if (isRpcError(error) && error.code === code) return
    throw error
  }
  throw new Error(`a call ended well that should end with ${code}`)
}

async function same(expected, work) {
  const actual = await work
  if (actual !== expected) throw new Error(`${actual} is not ${expected}`)
}

/** The kinds of calls, by how many of a hundred there are of each. */
const kinds = [
  [60, 'unary', (client) => client.unaryCall({ responseSize: 64, payload: { body } })],
  [8, 'client streaming', (client) => same(320, sum(client.streamingInputCall(each(5, { payload: { body } }))))],
  [8, 'server streaming', (client) => same(5, read(client.streamingOutputCall(output(5))))],
  [6, 'bidirectional', (client) => same(6, read(client.fullDuplexCall(each(3, output(2)))))],
  [4, 'a stream that is left', (client) => same(1, read(client.streamingOutputCall(output(50)), 1))],
  [4, 'cancelled', cancelled],
  [
    4,
    'past its deadline',
    (client) => ends('DEADLINE_EXCEEDED', read(client.streamingOutputCall(output(2, 50_000), { timeoutMs: 5 }))),
  ],
  [
    4,
    'refused',
    (client) => ends('FAILED_PRECONDITION', client.unaryCall({ responseStatus: { code: 9, message: 'no' } })),
  ],
  [2, 'unimplemented', (client) => ends('UNIMPLEMENTED', client.unimplementedCall({}))],
]

async function sum(answer) {
  return (await answer).aggregatedPayloadSize
}

async function cancelled(client) {
  const abort = new AbortController()
  const call = ends('CANCELLED', read(client.fullDuplexCall(each(1, output(2, 20_000)), { signal: abort.signal })))
  setImmediate(() => abort.abort())
  await call
}

const wheel = kinds.flatMap(([share, name, call]) => Array.from({ length: share }, () => ({ name, call })))

/** Makes so many calls; gives what is wrong. */
export async function soakCalls(total) {
  const server = await startServer()
  const counts = new Map(kinds.map(([, name]) => [name, 0]))
  const rows = []
  try {
    // A prime step, so that every lane makes calls of every kind.
    for (let mark = 1, made = 0; mark <= marks; mark++) {
      const transport = grpc(`127.0.0.1:${server.port}`)
      const client = createClient(testing.TestService, transport, { timeoutMs: 60_000 })
      const until = Math.round((total * mark) / marks)
      const lane = async () => {
        while (made < until) {
          const { name, call } = wheel[(made++ * 37) % wheel.length]
          counts.set(name, counts.get(name) + 1)
          await call(client).catch((error) => {
            throw new Error(`${name}: ${error.message}`, { cause: error })
          })
        }
      }
      await Promise.all(Array.from({ length: lanes }, lane))
      await transport.close()
      rows.push({ made, ours: await held(), theirs: await settled(server) })
    }
  } finally {
    await server.stop()
  }
  console.log([...counts].map(([name, count]) => `${count.toLocaleString('en')} ${name}`).join(', '))
  console.log(
    '| calls | client heap MiB | client resident | server heap MiB | server resident |\n|--:|--:|--:|--:|--:|',
  )
  for (const { made, ours, theirs } of rows) {
    const cells = [ours.heap, ours.rss, theirs.heap, theirs.rss].map((mib) => mib.toFixed(1))
    console.log(`| ${made.toLocaleString('en')} | ${cells.join(' | ')} |`)
  }
  return judge(rows)
}

/** What the server holds once it has heard that connections and calls are over. */
async function settled(server) {
  for (let i = 0; ; i++) {
    const theirs = await server.ask('held')
    if (theirs.connections + theirs.inFlight + theirs.abandoned === 0 || i === 100) return theirs
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function judge(rows) {
  const [first, last] = [rows[0], rows.at(-1)]
  const wrong = []
  for (const side of ['ours', 'theirs']) {
    const grown = last[side].heap - first[side].heap
    const whose = side === 'ours' ? 'client' : 'server'
    if (grown > slackMib) wrong.push(`the heap of the ${whose} grew by ${grown.toFixed(1)} MiB`)
    const more = last[side].resources - first[side].resources
    if (more > 0) wrong.push(`the ${whose} holds ${more} resources more`)
  }
  const { connections, inFlight, abandoned } = last.theirs
  if (connections + inFlight + abandoned > 0) {
    wrong.push(`the server still has ${connections} connections, ${inFlight} calls in flight, ${abandoned} abandoned`)
  }
  return wrong
}
