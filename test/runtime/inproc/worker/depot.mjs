/** The worker of the thread tests: a Thrift and a protobuf service whose handlers do as they are told. */

import { isMainThread, threadId, workerData } from 'node:worker_threads'
import { Depot, Sold } from 'idl/depot'
import { Relay } from 'idl/relay'
import { BizError, createRouter, Metadata, RpcError } from 'runtime/index'
import { serveThread, transfer } from 'runtime/inproc'

const notes = []
const errors = []
const progress = { sent: 0, returned: 0, read: 0 }
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const actions = {
  sleep: async (ms) => {
    await sleep(ms)
    return 'slept'
  },
  spin: (ms) => {
    for (const end = performance.now() + ms; performance.now() < end; );
    return 'spun'
  },
  /** Ends when it is cancelled, and says so in its notes. */
  wait: (_ms, cx) =>
    new Promise((_, reject) => {
      cx.onCancel((reason) => {
        notes.push(`cancelled: ${reason.code}`)
        reject(reason)
      })
    }),
  /** Goes on whatever happens. */
  stubborn: async (ms) => {
    await sleep(ms)
    notes.push('stubborn is done')
    return 'done'
  },
  exit: () => process.exit(3),
  'exit after others': async () => {
    await sleep(5)
    process.exit(0)
  },
  throw: () =>
    new Promise(() => {
      setTimeout(() => {
        throw new Error('thrown outside of any call')
      }, 1)
    }),
  memory: () => {
    const held = []
    for (;;) held.push(new Array(100_000).fill(held.length))
  },
  thread: () => String(threadId),
  main: () => String(isMainThread),
  'request memory': () => String(router.memory.used),
  data: () => String(workerData),
  errors: () => errors.join(','),
  progress: () => JSON.stringify(progress),
}

const failures = {
  declared: () => new Sold({ message: 'gone', skus: ['a', 'b'] }),
  biz: () => new BizError(42, 'no credit', { shop: 'north' }),
  rpc: () =>
    new RpcError('NOT_FOUND', 'no such thing', {
      cause: new Error('secret'),
      details: [{ typeUrl: 'type.googleapis.com/x', value: new Uint8Array([1, 2]) }],
      metadata: new Metadata({ hint: 'look elsewhere' }),
    }),
  unknown: () => new TypeError('secret'),
  function: () => () => 'not an error',
}

const depot = {
  echo: (item) => item,
  look: (a, b) =>
    JSON.stringify({
      same: a === b || a.children === b.children || a.children[0] === b.children[0],
      extra: 'extra' in a,
      n: a.n,
      data: a.data === undefined ? undefined : [a.data.length, a.data.buffer.byteLength, a.data.constructor.name],
      prototype: Object.getPrototypeOf(a.counts) === null,
    }),
  nothing: () => {},
  run: (what, ms, cx) => actions[what](ms, cx),
  fail(how) {
    throw failures[how]()
  },
  flip(data, moved) {
    const flipped = data.map((byte) => 255 - byte)
    return moved ? transfer(flipped) : flipped
  },
  note: (text) => {
    if (text === 'fail') throw new Error('a bad note')
    notes.push(text)
  },
  notes: () => notes.splice(0),
  context(cx) {
    cx.responseHeaders.append('seen', 'one')
    cx.responseHeaders.append('seen', 'two')
    cx.responseHeaders.append('raw-bin', Buffer.from([1, 2, 3]))
    cx.responseTrailers.set('cost', '3')
    cx.metainfo.backward.set('home', 'east')
    return JSON.stringify({
      role: cx.role,
      caller: cx.caller,
      callee: cx.callee,
      peer: cx.peer,
      remainingMs: cx.remainingMs,
      headers: [...cx.requestHeaders].map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
      persistent: [...cx.metainfo.persistent],
      transient: [...cx.metainfo.transient],
    })
  },
  blame: (blame) => blame,
}

const relay = {
  get: (chunk) => chunk,
  async *list({ n, body }, cx) {
    cx.responseHeaders.set('first', 'yes')
    try {
      for (let i = 0; i < n; i++) {
        progress.sent++
        yield { n: i, labels: { i: String(i) } }
        if (body?.value === 'slow') await sleep(1)
      }
      if (body?.value === 'fail') throw new RpcError('DATA_LOSS', 'the tape is torn')
      if (body?.value === 'hang') await new Promise(() => {})
      cx.responseTrailers.set('count', String(n))
    } finally {
      progress.returned++
    }
  },
  async collect(chunks) {
    let total = 0n
    let count = 0
    for await (const { n } of chunks) {
      progress.read++
      if (n < 0) break
      total += BigInt(n)
      count++
    }
    return { total, count }
  },
  async *chat(chunks) {
    for await (const { n } of chunks) yield { n: n * 2 }
  },
  progress: () => {
    const { sent, returned, read } = progress
    return { total: BigInt(sent), count: returned * 1000 + read }
  },
}

const router = createRouter({
  onError: (error) => errors.push(error?.message ?? 'no error'),
  maxRequestMemoryBytes: workerData?.maxRequestMemoryBytes,
})
serveThread(router.add(Depot, depot).add(Relay, relay), {
  onClose: () => {
    if (workerData?.closed !== undefined) Atomics.add(workerData.closed, 0, 1)
  },
})
