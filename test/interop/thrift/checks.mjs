/** What every peer must do alike: one function per check, each throwing where the peer differs. */

import assert from 'node:assert/strict'
import { isBizError, isRpcError } from '../../../dist/index.js'
import { Busy, Refused } from './our-side.mjs'

const scalars = {
  truth: true,
  tiny: -128,
  small: -32768,
  medium: -2147483648,
  large: 2n ** 63n - 1n,
  real: 1.5e-300,
  text: 'naïve 水 🦀',
  data: Uint8Array.of(0, 255, 128, 10),
  colour: 5,
  user: -(2n ** 63n),
}
const plain = {
  truth: false,
  tiny: 0,
  small: 0,
  medium: 0,
  large: 0n,
  real: 0,
  text: '',
  data: new Uint8Array(0),
  colour: 1,
  user: 0n,
}
const record = (entries) => Object.assign(Object.create(null), entries)
const containers = {
  numbers: [1, -1, 2147483647],
  words: new Set(['a', 'ö']),
  counts: record({ one: 1n, big: 2n ** 62n }),
  scalars: [scalars, plain],
  lists: new Map([
    [-5, ['x', 'y']],
    [6, []],
  ]),
  truths: [[true, false, true], [], [false]],
  colours: new Map([
    [1, plain],
    [5, scalars],
  ]),
  ids: new Set([1n, -(2n ** 60n)]),
  blobs: [Uint8Array.of(1, 2), new Uint8Array(0)],
  bytes: [0, 127, -128],
  maps: record({ outer: record({ inner: 1 }), none: record({}) }),
  reals: [new Map([[1, 0.5]]), new Map()],
}
const nothingInside = {
  numbers: [],
  words: new Set(),
  counts: record({}),
  scalars: [],
  lists: new Map(),
  truths: [],
  colours: new Map(),
  ids: new Set(),
  blobs: [],
  bytes: [],
  maps: record({}),
  reals: [],
}
const presence = { always: 'here', maybe: undefined, usual: 7, inner: undefined, far: undefined }

async function echoes(client, method, values) {
  for (const value of values) assert.deepEqual(clean(await client[method](value)), clean(value), `${method}`)
}

/** Bytes of sockets are Buffers or not; the same bytes are the same value. */
function clean(value) {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, clean(one)]))
  if (value instanceof Set) return new Set([...value].map(clean))
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, clean(one)]))
  }
  return value
}

const failure = (promise) =>
  promise.then(
    (value) => assert.fail(`it answered ${JSON.stringify(value)}`),
    (error) => error,
  )

/** All types and outcomes, over any transport. */
export const everythingChecks = {
  void: async ({ everything }) => assert.equal(await everything.nothing(), undefined),
  strings: ({ everything }) => echoes(everything, 'echoString', ['', 'a', 'naïve 水 🦀', 'x'.repeat(70_000)]),
  bools: ({ everything }) => echoes(everything, 'echoBool', [true, false]),
  'bytes (i8)': ({ everything }) => echoes(everything, 'echoByte', [0, 1, -1, 127, -128]),
  i16: ({ everything }) => echoes(everything, 'echoShort', [0, 1, -1, 32767, -32768]),
  i32: ({ everything }) => echoes(everything, 'echoInt', [0, 1, -1, 2147483647, -2147483648]),
  i64: ({ everything }) => echoes(everything, 'echoLong', [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]),
  doubles: ({ everything }) =>
    echoes(everything, 'echoDouble', [0, -0, 1.5, -1e300, 5e-324, Number.NaN, Number.POSITIVE_INFINITY]),
  binary: ({ everything }) =>
    echoes(everything, 'echoBinary', [new Uint8Array(0), Uint8Array.of(0, 255, 128), new Uint8Array(300_000).fill(7)]),
  enums: ({ everything }) => echoes(everything, 'echoColour', [1, 2, 5]),
  structs: ({ everything }) => echoes(everything, 'echoScalars', [scalars, plain]),
  containers: ({ everything }) => echoes(everything, 'echoContainers', [containers, nothingInside]),
  unions: ({ everything }) =>
    echoes(everything, 'echoChoice', [
      { case: 'text', value: 'one' },
      { case: 'number', value: -2 },
      { case: 'scalars', value: scalars },
    ]),
  requiredness: ({ everything }) =>
    echoes(everything, 'echoPresence', [
      presence,
      { ...presence, maybe: '', usual: 0, far: false, inner: [{ ...presence, far: true, maybe: 'x' }, presence] },
    ]),
  'several arguments': async ({ everything }) =>
    assert.equal(await everything.join(-1, 2, -(2n ** 40n), 'd', ['e', 'f']), '-1,2,-1099511627776,d,e,f'),
  'a method that may throw': async ({ everything }) => assert.equal(await everything.risk('fine'), 'fine'),
  'a declared exception': async ({ everything }) => {
    const error = await failure(everything.risk('refused'))
    assert(error instanceof Refused, `${error}`)
    assert.deepEqual([error.code, error.reason], [7, 'no'])
  },
  'a second declared exception with a struct inside': async ({ everything }) => {
    const error = await failure(everything.risk('busy'))
    assert(error instanceof Busy, `${error}`)
    assert.deepEqual([error.retryMs, error.detail.text], [2n ** 40n, 'later'])
  },
  'a declared exception of a void method': async ({ everything }) => {
    assert.equal(await everything.dare('fine'), undefined)
    assert((await failure(everything.dare('refused'))) instanceof Refused)
  },
  'an unexpected failure of the handler': async ({ everything }) => {
    const error = await failure(everything.risk('bug'))
    assert(isRpcError(error), `${error}`)
    // Apache's C++ says UNKNOWN (0), the others INTERNAL_ERROR (6).
    assert(['INTERNAL', 'UNKNOWN'].includes(error.code), error.code)
  },
  oneway: async ({ everything }) => {
    const text = `note ${Math.random()}`
    assert.equal(await everything.note(text), undefined)
    for (let i = 0; i < 100 && (await everything.noted()) !== text; i++) await pause(20)
    assert.equal(await everything.noted(), text)
  },
  'an unknown method': async ({ generic }) => {
    const error = await failure(generic.callBytes('Everything', 'nowhere', Uint8Array.of(0)))
    assert(isRpcError(error), `${error}`)
    assert.equal(error.code, 'UNIMPLEMENTED', error.message)
  },
  '64 calls at once': async ({ everything }) => {
    const numbers = Array.from({ length: 64 }, (_, i) => i)
    assert.deepEqual(await Promise.all(numbers.map((i) => everything.echoInt(i))), numbers)
  },
  // Apache's relays send two requests and a oneway one on this connection before they read (see their `sleep`).
  'a slow call': async ({ everything }) => assert.equal(await everything.sleep(150), 150),
  'a deadline on the caller’s side': async ({ everything }) => {
    const error = await failure(everything.sleep(2_000, { timeoutMs: 100 }))
    assert.equal(error.code, 'DEADLINE_EXCEEDED', `${error}`)
    assert.equal(await everything.echoInt(5), 5)
  },
}

/** What CloudWeGo's headers carry, to a server that is of the peer alone. */
export const cloudChecks = {
  'a second service on the port': async ({ cloud, everything }) => {
    assert.equal(typeof (await cloud.remaining()), 'bigint')
    assert.equal(await everything.echoInt(1), 1)
  },
  'a biz error': async ({ cloud }) => {
    const error = await failure(cloud.biz(404, 'nope'))
    assert(isBizError(error), `${error}`)
    assert.deepEqual([error.status, error.message, error.extra], [404, 'nope', { k: 'v' }])
  },
  'metainfo in three directions': async ({ cloud }) => {
    let context
    const answer = await cloud.metainfo({
      metainfo: { persistent: { P: 'stays' }, transient: { T: 'once' } },
      prepare: (cx) => {
        context = cx
      },
    })
    assert.deepEqual({ ...answer }, { p: 'stays', t: 'once', caller: 'volo-ts' })
    assert.equal(context.metainfo.backward.get('B'), 'back')
  },
  'the deadline as the server sees it': async ({ cloud, limitMs = 5_000 }) => {
    const left = await cloud.remaining({ timeoutMs: 5_000 })
    assert(left > BigInt(limitMs - 2_000) && left <= BigInt(limitMs), `${left} ms`)
  },
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
