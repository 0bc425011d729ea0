import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import apache from 'thrift'
import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Peer } from '../../../src/runtime/core/context/context.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import type { AddressInit } from '../../../src/runtime/net/address.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { ApacheEchoClient } from '../../support/apache-echo.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, type EchoClient, type EchoHandler, echoHandler } from '../../support/echo-service.ts'

const pem = (name: string): { file: string } => ({
  file: fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url)),
})
const serverTls = { cert: pem('server'), key: pem('server-key') }

function serverOf(handler: Partial<EchoHandler> = {}, options: ServerOptions = {}): Server {
  const server = new Server({ onError: () => {}, ...options }).add(Echo, echoHandler(handler))
  onCleanup(() => server.close({ drainMs: 0 }))
  return server
}

function clientOf(address: AddressInit, options: ThriftOptions = {}): EchoClient {
  const wire = thrift(address, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  return createClient(Echo, wire, { timeoutMs: 15_000 })
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'volo-serve-'))
  onCleanup(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Sends bytes and collects what comes back until the peer closes. */
function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = netConnect(port, '127.0.0.1')
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
    socket.write(bytes)
  })
}

describe('Server', () => {
  it('returns what it bound, on several addresses at once', async () => {
    const path = join(folder(), 'echo.sock')
    const server = serverOf()
    const listening = await server.listen('127.0.0.1:0', { path }, { host: '127.0.0.1', port: 0 })
    expect(listening.addresses.map(({ address }) => address)).toEqual([
      `127.0.0.1:${listening.port}`,
      `unix:${path}`,
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ])
    expect(listening.address).toBe(`127.0.0.1:${listening.port}`)
    for (const { address } of listening.addresses) expect(await clientOf(address).echo(address)).toBe(address)
    await server.close()
    expect(existsSync(path)).toBe(false)
  })

  it('says which address is in use, and binds none of the others then', async () => {
    const { port } = await serverOf().listen('127.0.0.1:0')
    const path = join(folder(), 'other.sock')
    const second = serverOf()
    await expect(second.listen({ path }, `127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(
        new RegExp(
          `^cannot listen on 127\\.0\\.0\\.1:${port}: the address is in use; stop the process .* \\(EADDRINUSE\\)$`,
        ),
      ),
    })
    expect(existsSync(path)).toBe(false)
    await expect(second.listen('256.1.1.1:x' as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('replaces a socket file that nobody listens on, but never a live one or a file', async () => {
    const path = join(folder(), 'echo.sock')
    const first = serverOf({ echo: () => 'first' })
    await first.listen({ path })
    await expect(serverOf().listen({ path })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('another process listens there'),
    })
    expect(await clientOf({ path }).echo('')).toBe('first')

    const file = join(folder(), 'a-file')
    writeFileSync(file, 'precious')
    await expect(serverOf().listen({ path: file })).rejects.toMatchObject({
      message: expect.stringContaining('is not a socket'),
    })
    expect(existsSync(file)).toBe(true)

    // A process that is killed leaves its socket file; node:net does not, so one is made by hand.
    const stale = join(folder(), 'stale.sock')
    const { execFileSync } = await import('node:child_process')
    const script = `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow()
    expect(existsSync(stale)).toBe(true)
    await serverOf({ echo: () => 'fresh' }).listen({ path: stale })
    expect(await clientOf({ path: stale }).echo('')).toBe('fresh')
  })

  it('answers plain and TLS on one port where both are allowed, and knows who called', async () => {
    const peers: (Peer | undefined)[] = []
    const server = serverOf(
      {
        echo(text, cx) {
          peers.push(cx.peer)
          return text
        },
      },
      { tls: { ...serverTls, ca: pem('ca'), requireClientCert: false }, plaintext: true },
    )
    const { port } = await server.listen('127.0.0.1:0')
    const tls = { ca: pem('ca'), servername: 'localhost' }
    expect(await clientOf(`127.0.0.1:${port}`).echo('plain')).toBe('plain')
    expect(await clientOf(`127.0.0.1:${port}`, { tls, connections: 'multiplexed' }).echo('secure')).toBe('secure')
    expect(peers.map((peer) => peer?.tls)).toEqual([undefined, expect.objectContaining({ servername: 'localhost' })])

    const connection = apache.createSSLConnection('127.0.0.1', port, {
      transport: apache.TFramedTransport,
      protocol: apache.TBinaryProtocol,
      rejectUnauthorized: false,
    } as object)
    connection.on('error', () => {})
    onCleanup(() => connection.end())
    expect(await apache.createClient(ApacheEchoClient, connection).echo('apache')).toBe('apache')
  })

  it('reuses TLS connections and carries large messages over them', async () => {
    const { port } = await serverOf({}, { tls: serverTls }).listen('127.0.0.1:0')
    const wire = thrift({ host: 'localhost', port }, { tls: { ca: pem('ca') } })
    onCleanup(() => wire.close({ drainMs: 0 }))
    const client = createClient(Echo, wire, { timeoutMs: 15_000 })
    for (let i = 0; i < 5; i++) expect(await client.echo('x'.repeat(i * 100_000))).toHaveLength(i * 100_000)
    expect(wire.stats.idle).toBe(1)
  })

  it('counts a TLS connection once and lets its calls end when it closes', async () => {
    let release: (text: string) => void = () => {}
    const server = serverOf(
      {
        echo: () =>
          new Promise<string>((resolve) => {
            release = resolve
          }),
      },
      { tls: serverTls },
    )
    const { port } = await server.listen('127.0.0.1:0')
    const inFlight = clientOf({ host: 'localhost', port }, { tls: { ca: pem('ca') } }).echo('x')
    await expect.poll(() => server.router.inFlight).toBe(1)
    expect(server.connections).toBe(1)
    const silent = netConnect(port, '127.0.0.1')
    silent.on('error', () => {})
    silent.write(Buffer.from('16030100f0', 'hex'))
    await expect.poll(() => server.connections).toBe(2)
    const closed = server.close({ drainMs: 10_000 })
    release('answered')
    expect(await inFlight).toBe('answered')
    await closed
    await expect.poll(() => server.connections).toBe(0)
  })

  it('asks for client certificates when it has an authority', async () => {
    const seen: boolean[] = []
    const server = serverOf(
      {
        ping(cx) {
          seen.push(cx.peer?.tls?.authorized === true)
        },
      },
      { tls: { ...serverTls, ca: pem('ca') } },
    )
    const { port } = await server.listen('127.0.0.1:0')
    const tls = { ca: pem('ca'), servername: 'localhost' }
    await clientOf(`127.0.0.1:${port}`, { tls: { ...tls, cert: pem('client'), key: pem('client-key') } }).ping()
    expect(seen).toEqual([true])
    await expect(clientOf(`127.0.0.1:${port}`, { tls }).ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('tells a client what is wrong with a certificate', async () => {
    const { port } = await serverOf({}, { tls: serverTls }).listen('127.0.0.1:0')
    await expect(clientOf(`127.0.0.1:${port}`, { tls: {} }).ping()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: false,
      message: expect.stringContaining('tls.ca'),
    })
    const named = { ca: pem('ca'), servername: 'elsewhere.example' }
    await expect(clientOf(`127.0.0.1:${port}`, { tls: named }).ping()).rejects.toMatchObject({
      message: expect.stringContaining('tls.servername'),
    })
  })

  it('takes a renewed certificate without closing a connection, and none that is no good', async () => {
    const path = folder()
    const files = { cert: join(path, 'cert.pem'), key: join(path, 'key.pem') }
    const lay = (cert: string, key: string): void => {
      copyFileSync(pem(cert).file, files.cert)
      copyFileSync(pem(key).file, files.key)
    }
    lay('server', 'server-key')
    const server = serverOf({}, { tls: { cert: { file: files.cert }, key: { file: files.key } } })
    const { port } = await server.listen('127.0.0.1:0')
    const names: unknown[] = []
    const shown = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().fingerprint)
          socket.destroy()
        })
        socket.on('error', reject)
      })
    const client = clientOf(`127.0.0.1:${port}`, { tls: { rejectUnauthorized: false } })
    await client.echo('before')
    names.push(await shown())
    lay('client', 'client-key')
    names.push(await shown())
    server.reloadTls()
    names.push(await shown())
    expect(names[1]).toBe(names[0])
    expect(names[2]).not.toBe(names[0])
    writeFileSync(files.cert, 'no certificate')
    expect(() => server.reloadTls()).toThrow()
    expect(await shown()).toBe(names[2])
    expect(await client.echo('after')).toBe('after')
    expect(server.connections).toBe(1)
    expect(() => serverOf().reloadTls()).toThrow('made without TLS')
  })

  it('refuses a certificate it cannot read when it is made', () => {
    expect(() => new Server({ tls: { cert: { file: '/no/such.pem' }, key: pem('server-key') } })).toThrow(
      /cannot read the TLS cert file \/no\/such\.pem/,
    )
  })

  it('answers HTTP/1.1 with one clear sentence, in plain text and by ALPN', async () => {
    const { port } = await serverOf({}, { tls: serverTls, plaintext: true }).listen('127.0.0.1:0')
    const plain = await exchange(port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    expect(plain).toMatch(/^HTTP\/1\.1 501 Not Implemented\r\n[\s\S]*speaks Thrift and gRPC/)
    const secure = await new Promise<string>((resolve) => {
      let text = ''
      const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      socket.on('data', (chunk) => {
        text += chunk.toString()
      })
      socket.on('close', () => resolve(text))
    })
    expect(secure).toMatch(/^HTTP\/1\.1 501/)
  })

  it('drops bytes that nobody speaks, silent peers, and TLS where there is none', async () => {
    const server = serverOf({}, { limits: { firstBytesTimeoutMs: 60, silentTimeoutMs: 60 } })
    const { port } = await server.listen('127.0.0.1:0')
    expect(await exchange(port, 'SSH-2.0-OpenSSH_9.6\r\n')).toBe('')
    expect(await exchange(port, Buffer.from([0x16, 3, 1, 2, 0]))).toBe('')
    expect(await exchange(port, Buffer.from([0, 0]))).toBe('')
    expect(await exchange(port, '')).toBe('')
    expect(await exchange(port, 'PRI * HT')).toBe('')
    expect(await exchange(port, 'POS')).toBe('')
    expect(await clientOf(`127.0.0.1:${port}`).echo('fine')).toBe('fine')
    await expect.poll(() => server.connections).toBe(1)
  })

  it('survives broken handshakes and peers that leave in the middle', async () => {
    const server = serverOf({}, { tls: { ...serverTls, handshakeTimeoutMs: 100 }, plaintext: true })
    const { port } = await server.listen('127.0.0.1:0')
    await exchange(port, Buffer.from('160301000501', 'hex').fill(0x16, 0, 1))
    await new Promise<void>((resolve) => {
      const socket = netConnect(port, '127.0.0.1', () => {
        socket.write(Buffer.from('16030100f0', 'hex'))
        setTimeout(() => socket.resetAndDestroy(), 10)
      })
      socket.on('close', () => resolve())
    })
    expect(await clientOf(`127.0.0.1:${port}`).echo('fine')).toBe('fine')
  })

  it('takes no more connections than its limit', async () => {
    const server = serverOf({}, { limits: { maxConnections: 1 } })
    const { port } = await server.listen('127.0.0.1:0')
    const client = clientOf(`127.0.0.1:${port}`)
    expect(await client.echo('first')).toBe('first')
    await expect(clientOf(`127.0.0.1:${port}`).echo('second')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await client.echo('still')).toBe('still')
  })

  it('refuses a descriptor that is no listening socket', async () => {
    await expect(serverOf().listen({ fd: 9_999 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('cannot listen on fd:9999: the descriptor is not a socket'),
    })
  })

  it('closes: answers what is in flight or on its way, refuses what comes after, and stops listening', async () => {
    let release: (text: string) => void = () => {}
    const server = serverOf({
      echo: (text) =>
        text === 'wait'
          ? new Promise<string>((resolve) => {
              release = resolve
            })
          : text,
    })
    const { port } = await server.listen('127.0.0.1:0')
    const busy = clientOf(`127.0.0.1:${port}`, { connections: 'multiplexed' })
    const idle = clientOf(`127.0.0.1:${port}`)
    await idle.echo('warm')
    const inFlight = busy.echo('wait')
    await busy.echo('warm')
    const closed = server.close({ drainMs: 10_000 })
    // Neither client has heard of it yet.
    expect(await Promise.all([busy.echo('on its way'), idle.echo('on its way')])).toEqual(['on its way', 'on its way'])
    await expect(busy.echo('after')).rejects.toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    await expect(idle.echo('after')).rejects.toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    release('answered')
    expect(await inFlight).toBe('answered')
    await closed
    expect(server.connections).toBe(0)
    await expect(server.listen(0)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  })

  it('runs its hooks before it stops listening and after the last call, the last added first', async () => {
    const order: string[] = []
    const failures: unknown[] = []
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const server = serverOf(
      {
        async echo(text) {
          if (text === 'in flight') await gate
          order.push(text)
          return text
        },
      },
      { onError: (error) => failures.push(error) },
    )
    const { port } = await server.listen('127.0.0.1:0')
    server
      .onClose(() => order.push('first added'))
      .onClose(() => {
        throw new Error('this one fails')
      })
      .onClose(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        order.push('last added')
      })
      .onClose(async () => {
        await clientOf(`127.0.0.1:${port}`).echo('still listening')
        open()
      }, 'before')
    const inFlight = clientOf(`127.0.0.1:${port}`).echo('in flight')
    await expect.poll(() => server.router.inFlight).toBe(1)
    {
      await using scope = server
      expect(scope.connections).toBe(1)
    }
    expect(await inFlight).toBe('in flight')
    expect(order).toEqual(['still listening', 'in flight', 'last added', 'first added'])
    expect(failures).toMatchObject([{ message: 'this one fails' }])
  })

  it('refuses calls beyond what it may run at once, whatever they came by', async () => {
    const release: (() => void)[] = []
    const server = serverOf(
      { echo: (text) => new Promise<string>((resolve) => release.push(() => resolve(text))) },
      { limits: { maxConcurrentCalls: 2 } },
    )
    const { port } = await server.listen('127.0.0.1:0')
    const client = clientOf(`127.0.0.1:${port}`)
    const running = [client.echo('a'), client.echo('b')]
    await expect.poll(() => server.router.inFlight).toBe(2)
    await expect(client.echo('c')).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'the server has 2 calls in flight; the limit is 2 (limits.maxConcurrentCalls)',
    })
    await expect(createClient(Echo, inProcess(server)).add(1, 2)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    for (const one of release) one()
    expect(await Promise.all(running)).toEqual(['a', 'b'])
    expect(await client.add(1, 2)).toBe(3)
  })

  it('ends calls that outlast the drain as UNAVAILABLE, on both sides', async () => {
    let reason = ''
    const server = serverOf({
      echo(_text, cx) {
        cx.onCancel((why) => {
          reason = why.code
        })
        return new Promise<string>(() => {})
      },
    })
    const { port } = await server.listen('127.0.0.1:0')
    const call = clientOf(`127.0.0.1:${port}`).echo('forever')
    const outcome = expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect.poll(() => server.router.inFlight).toBe(1)
    await server.close({ drainMs: 30 })
    await outcome
    expect(reason).toBe('UNAVAILABLE')
  })

  it('closes on a signal', async () => {
    const server = serverOf()
    const { port } = await server.listen('127.0.0.1:0')
    const closed = server.closeOnSignal(['SIGUSR2'])
    process.emit('SIGUSR2', 'SIGUSR2')
    await closed
    await expect(clientOf(`127.0.0.1:${port}`).ping()).rejects.toMatchObject({ code: 'UNAVAILABLE', bytesSent: false })
    expect(process.listenerCount('SIGUSR2')).toBe(0)
  })

  it('resolves closeOnSignal also when it is closed without a signal', async () => {
    const server = serverOf()
    await server.listen('127.0.0.1:0')
    const closed = server.closeOnSignal(['SIGUSR2'])
    await server.close()
    await Promise.all([closed, server.closed])
    expect(process.listenerCount('SIGUSR2')).toBe(0)
  })
})
