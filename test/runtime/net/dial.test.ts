import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../../src/runtime/net/address.ts'
import { dial } from '../../../src/runtime/net/dial.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { freePort } from '../../support/free-port.ts'
import { failure } from '../../support/settle.ts'

async function silent(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  onCleanup(() => new Promise((resolve) => server.close(resolve)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}

describe('dial', () => {
  it('connects and says who answered', async () => {
    const port = await silent()
    const { socket, peer, alpn } = await dial(parseAddress(`127.0.0.1:${port}`))
    expect(peer).toEqual({ address: `127.0.0.1:${port}`, kind: 'tcp' })
    expect(alpn).toBeUndefined()
    socket.destroy()
  })

  it('fails as UNAVAILABLE, unsent, naming address and reason, when nobody listens', async () => {
    const port = await freePort()
    expect(await failure(dial(parseAddress(`127.0.0.1:${port}`)))).toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: false,
      message: `cannot connect to 127.0.0.1:${port}: connection refused; is the server running and listening there? (ECONNREFUSED)`,
    })
    expect(await failure(dial(parseAddress('unix:/nowhere/at.all')))).toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: false,
      message: expect.stringContaining('unix:/nowhere/at.all: there is no such socket file'),
    })
  })

  it('keeps its time limit, TLS handshake included', async () => {
    const port = await silent()
    const error = await failure(dial(parseAddress(`127.0.0.1:${port}`), { tls: {}, connectTimeoutMs: 50 }))
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: false,
      message: `cannot connect to 127.0.0.1:${port}: no connection within 50 ms`,
    })
  })

  it('is given up by its signal, before and during', async () => {
    const port = await silent()
    const abort = new AbortController()
    const dialing = failure(dial(parseAddress(`127.0.0.1:${port}`), { tls: {}, signal: abort.signal }))
    setTimeout(() => abort.abort(), 20)
    expect(await dialing).toMatchObject({ code: 'CANCELLED', bytesSent: false })
    expect(await failure(dial(parseAddress(`127.0.0.1:${port}`), { signal: abort.signal }))).toMatchObject({
      code: 'CANCELLED',
    })
  })

  it('refuses a descriptor', async () => {
    expect(await failure(dial({ kind: 'fd', fd: 3 }))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('finds the address of a name on which somebody listens, of IPv4 and IPv6', async () => {
    const addresses = (await lookup('localhost', { all: true })).map(({ address }) => address)
    for (const host of addresses) {
      const server = createServer()
      server.listen(0, host)
      await once(server, 'listening')
      onCleanup(() => new Promise((resolve) => server.close(resolve)))
      const { port } = server.address() as AddressInfo
      const { socket, peer } = await dial({ kind: 'tcp', host: 'localhost', port })
      expect(peer.address).toContain(host)
      socket.destroy()
    }
  })
})
