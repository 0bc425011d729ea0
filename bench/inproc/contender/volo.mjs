/** This package: direct, with layers, deadlines and signals, behind a mailbox, with isolation, in a thread. */

import { createClient, Server } from 'volo-ts'
import * as inproc from 'volo-ts/inproc'
import { Records } from '../../gen/record-thrift.js'
import { handler } from '../record.mjs'

const pass = (next) => (cx, request) => next(cx, request)
const awaiting = (next) => async (cx, request) => {
  const response = await next(cx, request)
  return response
}
const five = (layer) => Array.from({ length: 5 }, () => layer)
const server = () => new Server().add(Records, handler)

const over = (target, options) => {
  const client = createClient(Records, target, options)
  return { noop: () => client.noop(), echo: (message) => client.echo(message), close: () => target.close?.() }
}

export const variants = {
  handler: async () => over(handler),
  direct: async () => over(inproc.inProcess(server())),
  'layers-pass': async () => over(inproc.inProcess(server()), { layers: five(pass) }),
  'layers-await': async () => over(inproc.inProcess(server()), { layers: five(awaiting) }),
  deadline: async () => {
    const transport = inproc.inProcess(server())
    const client = createClient(Records, transport, { timeoutMs: 5_000 })
    // A new object for each call, as callers write it; one signal for many calls, as a running handler has it.
    const { signal } = new AbortController()
    return {
      noop: () => client.noop({ signal }),
      echo: (message) => client.echo(message, { signal }),
      close: () => transport.close(),
    }
  },
  mailbox: async () => over(inproc.inProcess(server(), { mode: 'mailbox' })),
  copy: async () => over(inproc.inProcess(server(), { isolate: 'copy' })),
  freeze: async () => over(inproc.inProcess(server(), { isolate: 'freeze' })),
  threads: async () => {
    const pool = inproc.threads(new URL('../worker/volo.mjs', import.meta.url), { size: 1 })
    await pool.ready()
    return over(pool)
  },
  'threads-clone': async () => {
    const pool = inproc.threads(new URL('../worker/volo.mjs', import.meta.url), { size: 1, payload: 'clone' })
    await pool.ready()
    return over(pool)
  },
  codec: async () => over(inproc.inProcess(server(), { isolate: 'codec' })),
}
