/** dns() against a scripted DNS server on loopback. */

import { createSocket } from 'node:dgram'
import { describe, expect, it } from 'vitest'
import { dns } from '../../../src/runtime/discovery/dns.ts'
import type { Instance } from '../../../src/runtime/discovery/instance.ts'
import { onCleanup } from '../../support/cleanup.ts'

type Zone = Record<string, readonly Uint8Array[]>

const a = (ip: string, ttl = 60): Uint8Array => record(1, ttl, Buffer.from(ip.split('.').map(Number)))
const aaaa = (last: number): Uint8Array => record(28, 60, Buffer.concat([Buffer.alloc(15), Buffer.from([last])]))
const srv = (priority: number, weight: number, port: number, host: string): Uint8Array => {
  const head = Buffer.alloc(6)
  head.writeUInt16BE(priority, 0)
  head.writeUInt16BE(weight, 2)
  head.writeUInt16BE(port, 4)
  return record(33, 60, Buffer.concat([head, nameBytes(host)]))
}

function nameBytes(name: string): Uint8Array {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  return Buffer.concat([...labels, Buffer.from([0])])
}

/** A resource record whose name points to the question's. */
function record(type: number, ttl: number, data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

/** Answers `name type` from a zone that the test may change; a name that is missing does not exist. */
async function dnsServer(zone: Zone): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = []
  const socket = createSocket('udp4', (query, peer) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += length + 1
    }
    const type = query.readUInt16BE(at + 1)
    const name = labels.join('.').toLowerCase()
    const key = `${name} ${type}`
    asked.push(key)
    const records = zone[key] ?? []
    const exists = Object.keys(zone).some((one) => one.startsWith(`${name} `))
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(exists ? 0x8180 : 0x8183, 2)
    head.writeUInt16BE(records.length, 6)
    head.writeUInt16BE(0, 8)
    head.writeUInt16BE(0, 10)
    socket.send(Buffer.concat([head, query.subarray(12, at + 5), ...records]), peer.port, peer.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  onCleanup(() => new Promise<void>((resolve) => socket.close(resolve)))
  return { address: `127.0.0.1:${socket.address().port}`, asked }
}

/** The answers of a Discover, newest last. */
function watched(found: ReturnType<typeof dns>): { answers: (readonly Instance[])[]; failures: string[] } {
  const seen = { answers: [] as (readonly Instance[])[], failures: [] as string[] }
  onCleanup(
    found.watch({
      changed: ({ all }) => seen.answers.push(all),
      failed: ({ message }) => seen.failures.push(message),
    }),
  )
  return seen
}

describe('dns()', () => {
  it('gives every address of a name, of both families, and follows its changes', async () => {
    const zone: Zone = { 'shop.test 1': [a('10.0.0.1'), a('10.0.0.2')], 'shop.test 28': [aaaa(1)] }
    const { address } = await dnsServer(zone)
    const found = dns('shop.test:8080', { servers: [address], minAgeMs: 5, maxAgeMs: 20 })
    const { answers } = watched(found)
    await expect.poll(() => answers.length).toBe(1)
    expect(answers[0]!.map((one) => one.address).sort()).toEqual(['10.0.0.1:8080', '10.0.0.2:8080', '[::1]:8080'])
    zone['shop.test 1'] = [a('10.0.0.3')]
    await expect.poll(() => answers.at(-1)!.map((one) => one.address)).toEqual(['10.0.0.3:8080', '[::1]:8080'])
    expect(found.target).toBe('dns:///shop.test:8080')
  })

  it('reads SRV records: the lowest priority, each with its port and weight', async () => {
    const { address } = await dnsServer({
      '_grpc._tcp.shop.test 33': [
        srv(10, 30, 8080, 'one.test'),
        srv(10, 0, 8081, 'two.test'),
        srv(20, 5, 9, 'far.test'),
      ],
      'one.test 1': [a('10.0.0.1')],
      'two.test 1': [a('10.0.0.2'), a('10.0.0.3')],
      'far.test 1': [a('10.0.0.9')],
    })
    const { answers } = watched(dns('_grpc._tcp.shop.test', { servers: [address] }))
    await expect.poll(() => answers.length).toBe(1)
    expect(answers[0]!.map((one) => [one.address, one.weight])).toEqual([
      ['10.0.0.1:8080', 30],
      ['10.0.0.2:8081', 1],
      ['10.0.0.3:8081', 1],
    ])
  })

  it('holds an answer for its TTL, at least minAgeMs, and asks again after a lost connection', async () => {
    const { address, asked } = await dnsServer({ 'shop.test 1': [a('10.0.0.1', 0)] })
    const found = dns('shop.test:80', { servers: [address], minAgeMs: 60_000, maxAgeMs: 60_000 })
    const { answers } = watched(found)
    await expect.poll(() => answers.length).toBe(1)
    found.refresh!()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(asked.filter((one) => one === 'shop.test 1')).toHaveLength(1)
    const soon = dns('shop.test:80', { servers: [address], minAgeMs: 0, maxAgeMs: 60_000 })
    const { answers: soonAnswers } = watched(soon)
    await expect.poll(() => soonAnswers.length).toBe(1)
    const before = asked.length
    soon.refresh!()
    await expect.poll(() => asked.length).toBeGreaterThan(before)
  })

  it('is not kept from asking again by connections that are lost while it fails', async () => {
    const { address, asked } = await dnsServer({})
    const found = dns('shop.test:80', { servers: [address], maxAgeMs: 40, minAgeMs: 60_000 })
    watched(found)
    await expect.poll(() => asked.length).toBeGreaterThan(0)
    const before = asked.length
    const timer = setInterval(() => found.refresh!(), 5)
    onCleanup(() => clearInterval(timer))
    await expect.poll(() => asked.length).toBeGreaterThan(before + 2)
  })

  it('says why a name has no addresses, and asks again', async () => {
    const zone: Zone = {}
    const { address } = await dnsServer(zone)
    const { answers, failures } = watched(dns('shop.test:80', { servers: [address], maxAgeMs: 20, minAgeMs: 0 }))
    await expect.poll(() => failures.length).toBeGreaterThan(0)
    expect(failures[0]).toBe('DNS does not know shop.test: there is no such name (ENOTFOUND)')
    zone['shop.test 1'] = [a('10.0.0.1')]
    await expect.poll(() => answers.length).toBe(1)
  })
})
