/** consul() against a scripted agent that answers blocking queries. */

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { consul } from '../../../src/runtime/discovery/consul.ts'
import type { Instance } from '../../../src/runtime/discovery/instance.ts'
import { onCleanup } from '../../support/cleanup.ts'

/** As Consul 1.15 answers, reduced to what is read. */
const entry = (id: string, address: string, port: unknown, weight = 10, tags: string[] | null = null): object => ({
  Node: { Address: '10.9.9.9' },
  Service: {
    ID: id,
    Service: 'shop',
    Address: address,
    Port: port,
    Tags: tags,
    Weights: { Passing: weight, Warning: weight },
  },
})

interface Agent {
  readonly address: string
  readonly asked: string[]
  /** Changes what the agent knows, and answers those who wait. */
  set(entries: unknown, status?: number): void
  headers: Record<string, unknown>
}

async function agent(): Promise<Agent> {
  let index = 7
  let known: unknown = []
  let code = 200
  const waiting = new Set<ServerResponse>()
  const answer = (response: ServerResponse): void => {
    waiting.delete(response)
    response.writeHead(code, { 'x-consul-index': String(index), 'content-type': 'application/json' })
    response.end(typeof known === 'string' ? known : JSON.stringify(known))
  }
  const self: Agent = {
    address: '',
    asked: [],
    headers: {},
    set(entries, status = 200) {
      index++
      known = entries
      code = status
      for (const response of [...waiting]) answer(response)
    },
  }
  const server = createServer((request, response) => {
    self.asked.push(request.url!)
    self.headers = request.headers
    const asked = new URL(request.url!, 'http://consul').searchParams.get('index')
    if (code === 200 && asked === String(index)) waiting.add(response)
    else answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onCleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(self, { address: `127.0.0.1:${(server.address() as AddressInfo).port}` })
}

function watched(found: ReturnType<typeof consul>): {
  answers: (readonly Instance[])[]
  failures: string[]
  leave: () => void
} {
  const answers: (readonly Instance[])[] = []
  const failures: string[] = []
  const leave = found.watch({
    changed: ({ all }) => answers.push(all),
    failed: ({ message }) => failures.push(message),
  })
  onCleanup(leave)
  return { answers, failures, leave }
}

describe('consul()', () => {
  it('reads what registry-consul of Kitex writes, and hears of changes at once', async () => {
    const peer = await agent()
    peer.set([entry('shop:10.0.0.1:80', '10.0.0.1', 80, 20, ['zone:a', 'version:v1:rc', 'plain']), entry('x', '', 81)])
    const { answers, leave } = watched(consul(peer.address, { service: 'shop', token: 'secret', datacenter: 'dc1' }))
    await expect.poll(() => answers.length).toBe(1)
    expect(answers[0]).toEqual([
      { address: '10.0.0.1:80', weight: 20, tags: { zone: 'a', version: 'v1:rc' } },
      { address: '10.9.9.9:81', weight: 10, tags: {} },
    ])
    expect(peer.asked[0]).toBe('/v1/health/service/shop?passing=true&wait=55000ms&dc=dc1')
    expect(peer.headers['x-consul-token']).toBe('secret')
    await expect.poll(() => peer.asked.length).toBe(2)
    peer.set([entry('shop:10.0.0.2:80', '10.0.0.2', 80)])
    await expect.poll(() => answers.at(-1)!.map(({ address }) => address)).toEqual(['10.0.0.2:80'])
    leave()
    const { length } = peer.asked
    peer.set([])
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(peer.asked.length).toBeLessThanOrEqual(length + 1)
  })

  it('asks in measure although Consul says without end that something has changed', async () => {
    const peer = await agent()
    const busy = setInterval(() => peer.set([entry('a', '10.0.0.1', 80)]), 1)
    onCleanup(() => clearInterval(busy))
    const { answers } = watched(consul(peer.address, { service: 'shop' }))
    await expect.poll(() => answers.length).toBe(1)
    const { length } = peer.asked
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(peer.asked.length - length).toBeLessThan(10)
  })

  it('leaves entries out that are no instance, with a warning that names them', async () => {
    const peer = await agent()
    const warnings: string[] = []
    peer.set([entry('a\nb', 'shop', 0), entry('c', 'x/y', 80), entry('d', '10.0.0.4', 80, -3), null])
    const found = consul(peer.address, { service: 'shop', onWarning: (text) => warnings.push(text) })
    const { answers } = watched(found)
    await expect.poll(() => answers.length).toBe(1)
    expect(answers[0]).toEqual([{ address: '10.0.0.4:80', weight: 10, tags: {} }])
    expect(warnings).toHaveLength(3)
    expect(warnings[0]).toContain('the entry "a\\nb" of Consul is left out')
  })

  it('keeps its instances while Consul is away, and says what is wrong', async () => {
    const peer = await agent()
    peer.set([entry('a', '10.0.0.1', 80)])
    const { answers, failures } = watched(consul(`http://${peer.address}/`, { service: 'shop' }))
    await expect.poll(() => peer.asked.length).toBe(2)
    peer.set('no leader', 500)
    await expect.poll(() => failures.length).toBe(1)
    expect(failures[0]).toBe(
      `Consul at http://${peer.address} cannot be asked for "shop": Consul answers 500: no leader`,
    )
    peer.set('{"not": "a list"}')
    await expect.poll(() => failures.length).toBe(2)
    peer.set([entry('a', '10.0.0.1', 80), entry('b', '10.0.0.2', 80)])
    await expect.poll(() => answers.at(-1)!.length, { timeout: 5_000 }).toBe(2)
    expect(answers).toHaveLength(2)
  })
})
