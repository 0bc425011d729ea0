/** The price of an in-process call against a direct asynchronous one, as a Markdown table: `node bench/inproc.mjs`. Needs `npm run build`. */

import { pathToFileURL } from 'node:url'
import { createClient, createRouter } from 'volo-ts'
import { inProcess } from 'volo-ts/inproc'
import { generate } from './generate.mjs'

const rounds = Number(process.env['ROUNDS'] ?? 25)
const perSlice = 20_000

const pass = (next) => (cx, request) => next(cx, request)
const awaiting = (next) => async (cx, request) => {
  const response = await next(cx, request)
  return response
}
const five = (layer) => [layer, layer, layer, layer, layer]

const sequential = (call) => async () => {
  for (let i = 0; i < perSlice; i++) await call()
}
/** 64 callers at once, each waiting for its own answer. */
const concurrent = (call) => async () => {
  let left = perSlice
  const lane = async () => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: 64 }, lane))
}

/** Interleaved, so that what else the machine does meets all of them alike. */
async function race(title, contenders) {
  const times = new Map(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const start = performance.now()
      await run()
      times.get(name).push(((performance.now() - start) * 1e6) / perSlice)
    }
  }
  console.log(`\n## ${title}\n\n| | ns per call, best | median | ratio of the best to direct |\n|---|--:|--:|--:|`)
  const direct = Math.min(...times.get('direct'))
  for (const [name, all] of times) {
    const sorted = all.slice(3).sort((a, b) => a - b)
    const best = sorted[0]
    console.log(
      `| ${name} | ${best.toFixed(0)} | ${sorted[sorted.length >> 1].toFixed(0)} | ${(best / direct).toFixed(1)} |`,
    )
  }
}

function contenders(service, handler, call) {
  const server = () => inProcess(createRouter().add(service, handler))
  const stop = new AbortController()
  const client = (target, options) => createClient(service, target, options)
  return {
    direct: () => call(handler),
    'client over a handler': (
      (c) => () =>
        call(c)
    )(client(handler)),
    'client over inProcess': (
      (c) => () =>
        call(c)
    )(client(server())),
    '5 layers that pass': (
      (c) => () =>
        call(c)
    )(client(server(), { layers: five(pass) })),
    '5 layers that await': (
      (c) => () =>
        call(c)
    )(client(server(), { layers: five(awaiting) })),
    deadline: (
      (c) => () =>
        call(c)
    )(client(server(), { timeoutMs: 500 })),
    'deadline and signal': (
      (c) => () =>
        call(c, { signal: stop.signal })
    )(client(server(), { timeoutMs: 500 })),
  }
}

generate(['idl/noop.thrift', 'idl/echo.thrift'])
const load = (name) => import(pathToFileURL(new URL(`gen/${name}-thrift.js`, import.meta.url).pathname))
const [{ Noop }, { Echo }] = [await load('noop'), await load('echo')]
const noop = contenders(Noop, { async noop() {} }, (target, options) => target.noop(options))
const request = { action: 'echo', message: 'x'.repeat(300) }
const echo = contenders(Echo, { echo: async (one) => one }, (target, options) => target.echo(request, options))
const all = (wrap, set) => Object.fromEntries(Object.entries(set).map(([name, call]) => [name, wrap(call)]))

console.log(`# Calls in process\n\nNode ${process.version}, ${rounds} rounds of ${perSlice} calls.`)
await race('noop, one after the other', all(sequential, noop))
await race('noop, 64 in flight', all(concurrent, noop))
await race('echo of two strings, one after the other', all(sequential, echo))
