import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, connect as netConnect, type Socket } from 'node:net'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import { ByteWriter } from '../../../src/runtime/core/bytes/byte-writer.ts'
import { BatchWriter } from '../../../src/runtime/net/batch-writer.ts'
import { onCleanup } from '../../support/cleanup.ts'

async function sockets(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ pauseOnConnect: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const near = netConnect((server.address() as AddressInfo).port, '127.0.0.1')
  const far = await accepted
  near.on('error', () => {})
  far.on('error', () => {})
  onCleanup(() => {
    near.destroy()
    far.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { near, far }
}

async function tlsSockets(): Promise<{ near: Socket; far: Socket }> {
  const pem = (name: string): Buffer => readFileSync(new URL(`../../support/tls/${name}.pem`, import.meta.url))
  const server = createTlsServer({ cert: pem('server'), key: pem('server-key'), pauseOnConnect: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<Socket>((resolve) => server.once('secureConnection', resolve))
  const near = tlsConnect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
  })
  const far = await accepted
  near.on('error', () => {})
  far.on('error', () => {})
  onCleanup(() => {
    near.destroy()
    far.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { near, far }
}

function collect(socket: Socket): () => string {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.resume()
  return () => text
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

describe('BatchWriter', () => {
  it('sends all of a turn in one write and gives the source back', async () => {
    const { near, far } = await sockets()
    const received = collect(far)
    const write = vi.spyOn(near, 'write')
    const source = new ByteWriter()
    const back: unknown[] = []
    const batch = new BatchWriter(near, { onFlushed: (flushed) => back.push(flushed) })
    batch.add(source)
    for (const text of ['one ', 'two ', 'three']) {
      source.raw(bytes(text))
      batch.schedule()
      await Promise.resolve()
    }
    expect(batch.unsent).toBe(13)
    await expect.poll(received).toBe('one two three')
    expect(write).toHaveBeenCalledTimes(1)
    expect(back).toEqual([source])
    expect(batch).toMatchObject({ unsent: 0, flushed: 13 })
  })

  it('never writes over what the kernel has not taken, and tells of a slow peer once', async () => {
    const { near, far } = await sockets()
    const pressure: boolean[] = []
    const batch = new BatchWriter(near, { highWaterMark: 100_000, onPressure: (high) => pressure.push(high) })
    const source = new ByteWriter()
    let sent = ''
    for (let i = 0; i < 300; i++) {
      const text = `${i},`.repeat(10_000)
      sent += text
      batch.add(source)
      source.raw(bytes(text))
      batch.flush()
    }
    expect(pressure).toEqual([true])
    expect(batch.unsent).toBeGreaterThan(100_000)
    const received = collect(far)
    await expect.poll(() => received().length, { timeout: 15_000 }).toBe(sent.length)
    expect(received() === sent).toBe(true)
    expect(pressure).toEqual([true, false])
  })

  it('flushes before it ends, and drops what comes after', async () => {
    const { near, far } = await sockets()
    const received = collect(far)
    const closed = new Promise((resolve) => far.once('end', resolve))
    const batch = new BatchWriter(near)
    const source = new ByteWriter()
    batch.add(source)
    source.raw(bytes('last'))
    batch.end()
    batch.add(source)
    source.raw(bytes('never'))
    batch.flush()
    batch.end()
    await closed
    expect(received()).toBe('last')
  })

  it('does nothing on a destroyed socket', async () => {
    const { near } = await sockets()
    near.destroy()
    const batch = new BatchWriter(near)
    const source = new ByteWriter()
    batch.add(source)
    source.raw(bytes('x'))
    batch.schedule()
    await expect.poll(() => source.position).toBe(0)
    expect(batch.flushed).toBe(0)
  })

  it.each([
    ['plain', sockets],
    ['TLS', tlsSockets],
  ])('tells when the peer takes nothing in time, and not while it takes anything (%s)', async (_, connected) => {
    const { near, far } = await connected()
    let stuck = 0
    const batch = new BatchWriter(near, { writeTimeoutMs: 150, onStuck: () => stuck++ })
    const source = new ByteWriter()
    batch.add(source)
    source.raw(new Uint8Array(16 * 1024 * 1024))
    // One large chunk, taken slowly: what the socket still holds stays the same until its last byte has left.
    let taken = 0
    let more = true
    far.on('data', (chunk) => {
      taken += chunk.length
      if (taken < 400_000) return
      taken = 0
      far.pause()
      if (more) setTimeout(() => far.resume(), 10)
    })
    far.resume()
    batch.flush()
    expect(near.writableLength).toBe(16 * 1024 * 1024)
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(near.writableLength).toBe(16 * 1024 * 1024)
    expect(stuck).toBe(0)
    more = false
    await expect.poll(() => stuck).toBe(1)
  })
})
