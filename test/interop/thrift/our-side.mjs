/** This package's side: both services by their IDL, read at run time, and a server that answers them. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadSchemas, memoryHost } from '../../../dist/command/compiler.js'
import { BizError, createClient, Server } from '../../../dist/index.js'
import { createGenericClient, interpretedService } from '../../../dist/thrift.js'

export const idl = fileURLToPath(new URL('./interop.thrift', import.meta.url))

const { schemas, diagnostics } = loadSchemas({
  entries: ['interop.thrift'],
  host: memoryHost({ 'interop.thrift': readFileSync(idl, 'utf8') }),
})
if (schemas.length === 0) throw new Error(diagnostics.map((one) => one.message).join('\n'))

export const Everything = interpretedService(schemas[0], 'Everything')
export const Cloud = interpretedService(schemas[0], 'Cloud')

const exceptionOf = (method, member) =>
  Everything.methods.find(({ name }) => name === method).throws.find((one) => one.member === member).type
export const Refused = exceptionOf('risk', 'refused')
export const Busy = exceptionOf('risk', 'busy')

const same = (value) => value

/** A server that answers as every peer does; `mostAsleep` gives how many calls of `sleep` one connection has had at once. */
export async function ourServer({ address = '127.0.0.1:0', ...options } = {}) {
  let last = ''
  /** Calls of `sleep` that run, by the client's address: one connection each. */
  const asleep = new Map()
  let mostAsleep = 0
  const server = new Server({ onError() {}, drainMs: 5_000, ...options })
  const risk = (kind) => {
    if (kind === 'refused') throw new Refused({ code: 7, reason: 'no' })
    if (kind === 'busy') throw new Busy({ retryMs: 2n ** 40n, detail: { text: 'later' } })
    if (kind === 'bug') throw new TypeError('secret')
    return kind
  }
  const handler = {
    nothing() {},
    join: (a, b, c, d, e) => [a, b, c, d, ...e].join(','),
    risk,
    dare: (kind) => void risk(kind),
    // It takes its time: whoever asks next on the same connection must see it all the same.
    async note(text) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      last = text
    },
    noted: () => last,
    async sleep(milliseconds, cx) {
      const { address } = cx.peer
      asleep.set(address, (asleep.get(address) ?? 0) + 1)
      mostAsleep = Math.max(mostAsleep, asleep.get(address))
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
      asleep.set(address, asleep.get(address) - 1)
      return milliseconds
    },
  }
  for (const { name } of Everything.methods) handler[name] ??= same
  server.add(Everything, handler)
  server.add(Cloud, {
    biz(status, message) {
      throw new BizError(status, message, { k: 'v' })
    },
    metainfo(cx) {
      cx.metainfo.backward.set('B', 'back')
      const p = cx.metainfo.persistent.get('P') ?? ''
      const t = cx.metainfo.transient.get('T') ?? ''
      return { p, t, caller: cx.caller }
    },
    remaining: (cx) => BigInt(cx.deadline === undefined ? -1 : Math.round(cx.remainingMs)),
  })
  const { address: bound, port } = await server.listen(address)
  return { server, address: bound, port, mostAsleep: () => mostAsleep }
}

/** Clients over a transport: typed ones, and one in bytes. */
export function ourClients(transport) {
  return {
    everything: createClient(Everything, transport, { timeoutMs: 10_000 }),
    cloud: createClient(Cloud, transport, { timeoutMs: 10_000 }),
    generic: createGenericClient([], transport, { timeoutMs: 10_000 }),
  }
}
