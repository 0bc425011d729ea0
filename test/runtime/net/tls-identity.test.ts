import dns from 'node:dns'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { echoHandler, Echo as ThriftEcho } from '../../support/echo-service.ts'
import { Echo, echoHandler as grpcHandler } from '../grpc/echo.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** A certificate that signed itself: `name-only` (localhost), `address-only` (127.0.0.1, ::1), `elsewhere`. */
type Certificate = 'name-only' | 'address-only' | 'elsewhere'

const pem = (name: string): { readonly file: string } => ({
  file: join(import.meta.dirname, '../../support/tls', `${name}.pem`),
})

async function serve(certificate: Certificate, listen: string): Promise<string> {
  const server = new Server({ tls: { cert: pem(certificate), key: pem(`${certificate}-key`) } })
    .add(ThriftEcho, echoHandler())
    .add(Echo, grpcHandler)
  const { address } = await server.listen(listen)
  onCleanup(() => server.close())
  return address
}

/** An HTTP proxy that makes every tunnel to one port of this machine; the targets it was asked for. */
async function proxyTo(port: number): Promise<{ readonly url: string; readonly targets: readonly string[] }> {
  const targets: string[] = []
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    sockets.add(client)
    client.on('error', () => {})
    client.once('data', (head) => {
      targets.push(/^CONNECT (\S+)/.exec(head.toString())?.[1] ?? '')
      const upstream = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n')
        client.pipe(upstream).pipe(client)
      })
      upstream.on('error', () => client.destroy())
      client.on('close', () => upstream.destroy())
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onCleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => proxy.close(resolve))
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, targets }
}

interface Dialing {
  readonly servername?: string
  readonly proxy?: string
}

/** `accepted`, or why not, of a call by each transport. */
async function calls(address: string, certificate: Certificate, { servername, proxy }: Dialing): Promise<string[]> {
  const tls = { ca: pem(certificate), servername }
  const h2 = grpc(address, { tls, proxy })
  const wire = thrift(address, { tls })
  onCleanup(() => Promise.all([h2.close(), wire.close()]))
  const shown = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'accepted',
      (error) => `${error.code}: ${error.message}`,
    )
  const over = [shown(createClient(Echo, h2).unary({}))]
  // Thrift is not spoken through proxies.
  if (proxy === undefined) over.push(shown(createClient(ThriftEcho, wire).ping()))
  return Promise.all(over)
}

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))

interface Path {
  /** What the server is listening on. */
  readonly listen?: string
  /** The host that the client is given. */
  readonly host: string
  readonly servername?: string
  readonly through?: 'proxy'
  /** What must be in the certificate. */
  readonly checked: string
  readonly right: Certificate
  readonly wrong: Certificate
}

const paths: Readonly<Record<string, Path>> = {
  'a name': { host: 'localhost', checked: 'localhost', right: 'name-only', wrong: 'address-only' },
  'an IPv4 address': { host: '127.0.0.1', checked: '127.0.0.1', right: 'address-only', wrong: 'name-only' },
  'an IPv6 address': { listen: '[::1]:0', host: '[::1]', checked: '::1', right: 'address-only', wrong: 'name-only' },
  'a port alone': { host: '', checked: 'localhost', right: 'name-only', wrong: 'address-only' },
  'a servername': {
    ...{ host: '127.0.0.1', servername: 'elsewhere.test', checked: 'elsewhere.test' },
    ...{ right: 'elsewhere', wrong: 'address-only' },
  },
  'a servername that is an IPv4 address': {
    ...{ host: '127.0.0.1', servername: '10.9.9.9', checked: '10.9.9.9' },
    ...{ right: 'elsewhere', wrong: 'address-only' },
  },
  'a servername that is an IPv6 address': {
    ...{ host: 'localhost', servername: '2001:db8:0::9', checked: '2001:db8:0::9' },
    ...{ right: 'elsewhere', wrong: 'name-only' },
  },
  'a name through a proxy': {
    ...{ host: 'elsewhere.test', through: 'proxy', checked: 'elsewhere.test' },
    ...{ right: 'elsewhere', wrong: 'name-only' },
  },
  'an IPv4 address through a proxy': {
    ...{ host: '10.9.9.9', through: 'proxy', checked: '10.9.9.9' },
    ...{ right: 'elsewhere', wrong: 'name-only' },
  },
  'an IPv6 address through a proxy': {
    ...{ host: '[2001:db8::9]', through: 'proxy', checked: '2001:db8::9' },
    ...{ right: 'elsewhere', wrong: 'name-only' },
  },
  'a servername that is an IPv4 address through a proxy': {
    ...{ host: 'localhost', servername: '10.9.9.9', through: 'proxy', checked: '10.9.9.9' },
    ...{ right: 'elsewhere', wrong: 'name-only' },
  },
}

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
const usable = Object.entries(paths).filter(([, { listen }]) => listen === undefined || hasIpv6)

describe('the certificate of a server', () => {
  it.each(usable)('is held against what was asked for: %s', async (_name, path) => {
    for (const certificate of [path.right, path.wrong]) {
      const port = portOf(await serve(certificate, path.listen ?? '127.0.0.1:0'))
      const proxy = path.through === undefined ? undefined : await proxyTo(port)
      const dialing = { servername: path.servername, proxy: proxy?.url }
      const outcomes = await calls(`${path.host}:${port}`, certificate, dialing as Dialing)
      for (const outcome of outcomes) {
        if (certificate === path.right) expect(outcome).toBe('accepted')
        else expect(outcome).toContain(`the certificate is not for ${path.checked};`)
      }
      if (proxy !== undefined) expect(proxy.targets[0]).toBe(`${path.host}:${port}`)
    }
  })

  it('is held against the name where it stands for several addresses', async () => {
    const lookup = dns.lookup
    vi.spyOn(dns, 'lookup').mockImplementation(((host: string, options: dns.LookupAllOptions, done: unknown) => {
      if (host !== 'elsewhere.test') return (lookup as (...args: unknown[]) => void)(host, options, done)
      const all = [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]
      process.nextTick(done as (error: null, addresses: dns.LookupAddress[]) => void, null, all)
    }) as unknown as typeof dns.lookup)
    const right = portOf(await serve('elsewhere', '127.0.0.1:0'))
    expect(await calls(`elsewhere.test:${right}`, 'elsewhere', {})).toEqual(['accepted', 'accepted'])
    const wrong = portOf(await serve('address-only', '127.0.0.1:0'))
    for (const outcome of await calls(`elsewhere.test:${wrong}`, 'address-only', {})) {
      expect(outcome).toContain('the certificate is not for elsewhere.test;')
    }
  })

  it('is held against the address that a call names', async () => {
    const tls = { ca: pem('name-only') }
    const port = portOf(await serve('name-only', '127.0.0.1:0'))
    const wire = thrift(`localhost:${port}`, { tls })
    onCleanup(() => wire.close({ drainMs: 0 }))
    const echo = createClient(ThriftEcho, wire)
    await echo.ping()
    await expect(echo.ping({ address: `127.0.0.1:${port}` })).rejects.toThrow('the certificate is not for 127.0.0.1;')
  })

  it('is held against localhost over a Unix socket', async () => {
    const path = `unix:${join(process.env['TMPDIR'] ?? '/tmp', `volo-tls-${process.pid}.sock`)}`
    await serve('name-only', path)
    expect(await calls(path, 'name-only', {})).toEqual(['accepted', 'accepted'])
  })
})
