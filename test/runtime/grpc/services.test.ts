import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import * as grpcJs from '@grpc/grpc-js'
import * as protoLoader from '@grpc/proto-loader'
import { describe, expect, it } from 'vitest'
import { generateGrpcServices } from '../../../scripts/grpc-services.mjs'
import * as compiler from '../../../src/compiler.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { RpcError } from '../../../src/runtime/core/error.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Health } from '../../../src/runtime/grpc/gen/grpc/health/v1/health.ts'
import { addChannelz } from '../../../src/runtime/grpc/service/channelz.ts'
import { addHealth, type HealthControl } from '../../../src/runtime/grpc/service/health.ts'
import { addReflection } from '../../../src/runtime/grpc/service/reflection.ts'
import { Server, type ServerOptions } from '../../../src/runtime/serve/server.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { generated } from '../../support/generated.ts'
import { Echo, echoHandler } from './echo.ts'

const require = createRequire(import.meta.url)

/** A client of grpc-js for a service of a .proto file that an npm package has. */
function peer(address: string, packageName: string, file: string, service: string): grpcJs.Client {
  const entry = require.resolve(packageName)
  const folder = entry.slice(0, entry.lastIndexOf(join('node_modules', packageName)) + 13 + packageName.length)
  const definition = protoLoader.loadSync(join(folder, file), {
    includeDirs: [dirname(join(folder, file))],
    enums: String,
  })
  const Client = service
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], grpcJs.loadPackageDefinition(definition))
  const client = new (Client as grpcJs.ServiceClientConstructor)(address, grpcJs.credentials.createInsecure())
  onCleanup(() => client.close())
  return client
}

/** A unary method as a promise. */
// biome-ignore lint/suspicious/noExplicitAny: the types of these clients exist at run time only.
function unary(client: grpcJs.Client, method: string, request: object): Promise<any> {
  return new Promise((resolve, reject) => {
    const call = (client as unknown as Record<string, (...args: unknown[]) => void>)[method]!
    call.call(client, request, (error: Error | null, response: unknown) =>
      error === null ? resolve(response) : reject(error),
    )
  })
}

async function serve(
  options: ServerOptions = {},
  before: (server: Server) => void = () => {},
): Promise<{ server: Server; address: string }> {
  const server = new Server({ onError: () => {}, ...options }).add(Echo, echoHandler)
  before(server)
  const { address } = await server.listen('127.0.0.1:0')
  onCleanup(() => server.close({ drainMs: 0 }))
  return { server, address }
}

describe('the health service, asked by grpc-js', () => {
  async function served(): Promise<{ server: Server; health: HealthControl; client: grpcJs.Client }> {
    let health: HealthControl | undefined
    const { server, address } = await serve({}, (one) => {
      health = addHealth(one)
    })
    const client = peer(address, 'grpc-health-check', 'proto/health/v1/health.proto', 'grpc.health.v1.Health')
    return { server, health: health!, client }
  }

  /** Watches a service; the statuses as they come, and the end. */
  function watch(
    client: grpcJs.Client,
    service: string,
  ): { statuses: string[]; ended: Promise<number>; cancel(): void } {
    const statuses: string[] = []
    const call = (
      client as unknown as { watch(request: object): grpcJs.ClientReadableStream<{ status: string }> }
    ).watch({
      service,
    })
    call.on('data', ({ status }) => statuses.push(status))
    call.on('error', () => {})
    const ended = new Promise<number>((resolve) => call.on('status', ({ code }) => resolve(code)))
    return { statuses, ended, cancel: () => call.cancel() }
  }

  it('knows the server, its services and nothing else', async () => {
    const { health, client } = await served()
    expect(await unary(client, 'check', {})).toEqual({ status: 'SERVING' })
    expect(await unary(client, 'check', { service: 'test.Echo' })).toEqual({ status: 'SERVING' })
    await expect(unary(client, 'check', { service: 'nope' })).rejects.toMatchObject({ code: grpcJs.status.NOT_FOUND })
    health.set(Echo, 'NOT_SERVING')
    health.set('elsewhere', 'SERVING')
    expect(await unary(client, 'check', { service: 'test.Echo' })).toEqual({ status: 'NOT_SERVING' })
    expect(await unary(client, 'check', { service: 'elsewhere' })).toEqual({ status: 'SERVING' })
    health.unset(Echo)
    expect(await unary(client, 'check', { service: 'test.Echo' })).toEqual({ status: 'SERVING' })
    const { statuses } = await unary(client, 'list', {})
    expect(Object.keys(statuses).sort()).toEqual(['', 'elsewhere', 'grpc.health.v1.Health', 'test.Echo'])
  })

  it('tells watchers of every change, also of services that are not there yet', async () => {
    const { server, health, client } = await served()
    const echo = watch(client, 'test.Echo')
    const later = watch(client, 'later')
    await expect.poll(() => [echo.statuses, later.statuses]).toEqual([['SERVING'], ['SERVICE_UNKNOWN']])
    health.set(Echo, 'NOT_SERVING')
    health.set('later', 'SERVING')
    await expect
      .poll(() => [echo.statuses, later.statuses])
      .toEqual([
        ['SERVING', 'NOT_SERVING'],
        ['SERVICE_UNKNOWN', 'SERVING'],
      ])
    echo.cancel()
    expect(await echo.ended).toBe(grpcJs.status.CANCELLED)
    await expect.poll(() => server.router.inFlight).toBe(1)
  })

  it('says NOT_SERVING when the server begins to close, and holds it up no longer', async () => {
    const { server, client } = await served()
    const all = watch(client, '')
    await expect.poll(() => all.statuses).toEqual(['SERVING'])
    const started = performance.now()
    await server.close({ drainMs: 15_000 })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(await all.ended).toBe(grpcJs.status.OK)
    expect(all.statuses).toEqual(['SERVING', 'NOT_SERVING'])
  })

  it('answers our own client too', async () => {
    const { address } = await serve({}, addHealth)
    const transport = grpc(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const client = createClient(Health, transport)
    expect(await client.check({ service: '' })).toEqual({ status: 1 })
  })
})

const library = {
  'lib/base.proto': `syntax = "proto2"; package lib; import "google/protobuf/timestamp.proto";
    message Base { extensions 100 to 200; optional google.protobuf.Timestamp at = 1; enum Kind { PLAIN = 0; } optional Kind kind = 2; }`,
  'lib/book.proto': `syntax = "proto2"; package lib; import "lib/base.proto";
    extend Base { optional string note = 150; optional int32 weight = 120; }
    message Book { required Base base = 1; oneof cover { string hard = 2; string soft = 3; } message Page { optional int32 no = 1; } repeated Page page = 4; }
    service Library { rpc Lend(Book) returns (Book); }`,
}

describe('reflection, asked by grpc-js', () => {
  async function ask(address: string, version: 'v1' | 'v1alpha', requests: readonly object[]): Promise<unknown[]> {
    const client = peer(
      address,
      '@grpc/reflection',
      `build/proto/grpc/reflection/${version}/reflection.proto`,
      `grpc.reflection.${version}.ServerReflection`,
    )
    const call = (
      client as unknown as { serverReflectionInfo(): grpcJs.ClientDuplexStream<object, unknown> }
    ).serverReflectionInfo()
    const answers: unknown[] = []
    await new Promise<void>((resolve, reject) => {
      call.on('data', (answer) => answers.push(answer))
      call.on('error', reject)
      call.on('end', resolve)
      for (const request of requests) call.write(request)
      call.end()
    })
    return answers
  }

  async function serveLibrary(): Promise<string> {
    // The file with the service comes first, as its module is the one that is loaded.
    const module = await generated(
      { 'lib/book.proto': library['lib/book.proto'], 'lib/base.proto': library['lib/base.proto'] },
      {},
    )
    const { address } = await serve({}, (server) => {
      server.add(module['Library'], { lend: (book: unknown) => book })
      addReflection(server)
    })
    return address
  }

  const names = (answer: unknown): string[] =>
    (
      answer as { fileDescriptorResponse: { fileDescriptorProto: Buffer[] } }
    ).fileDescriptorResponse.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)

  it.each(['v1', 'v1alpha'] as const)('%s lists the services', async (version) => {
    const [answer] = await ask(await serveLibrary(), version, [{ listServices: '' }])
    expect(answer).toMatchObject({
      listServicesResponse: {
        service: [
          { name: 'grpc.reflection.v1.ServerReflection' },
          { name: 'grpc.reflection.v1alpha.ServerReflection' },
          { name: 'lib.Library' },
          { name: 'test.Echo' },
        ],
      },
    })
  })

  it.each([
    ['a service', { fileContainingSymbol: 'lib.Library' }],
    ['a method', { fileContainingSymbol: 'lib.Library.Lend' }],
    ['a message', { fileContainingSymbol: 'lib.Book' }],
    ['a nested message', { fileContainingSymbol: 'lib.Book.Page' }],
    ['a field', { fileContainingSymbol: 'lib.Book.page' }],
    ['a oneof', { fileContainingSymbol: 'lib.Book.cover' }],
    ['an extension', { fileContainingSymbol: 'lib.note' }],
    ['a file', { fileByFilename: 'lib/book.proto' }],
    ['the number of an extension', { fileContainingExtension: { containingType: 'lib.Base', extensionNumber: 150 } }],
  ])('finds %s, with all that its file imports', async (_, request) => {
    const [answer] = await ask(await serveLibrary(), 'v1', [request])
    expect(names(answer)).toEqual(['lib/book.proto', 'lib/base.proto', 'google/protobuf/timestamp.proto'])
  })

  it('finds an enum and its values, the numbers of extensions, and says what it does not know', async () => {
    const answers = await ask(await serveLibrary(), 'v1', [
      { fileContainingSymbol: 'lib.Base.Kind' },
      { fileContainingSymbol: 'lib.Base.PLAIN' },
      { allExtensionNumbersOfType: 'lib.Base' },
      { allExtensionNumbersOfType: 'lib.Book' },
      { fileContainingSymbol: 'lib.Nope' },
      { fileByFilename: 'nope.proto' },
      { fileContainingExtension: { containingType: 'lib.Base', extensionNumber: 1 } },
      { allExtensionNumbersOfType: 'lib.Nope' },
      {},
    ])
    expect(names(answers[0])).toEqual(['lib/base.proto', 'google/protobuf/timestamp.proto'])
    // What a stream has had already does not come again.
    expect(names(answers[1])).toEqual(['lib/base.proto'])
    expect(answers[2]).toMatchObject({
      allExtensionNumbersResponse: { baseTypeName: 'lib.Base', extensionNumber: [120, 150] },
    })
    expect(answers[3]).toMatchObject({ allExtensionNumbersResponse: { baseTypeName: 'lib.Book' } })
    for (const answer of answers.slice(4, 8)) expect(answer).toMatchObject({ errorResponse: { errorCode: 5 } })
    expect(answers[8]).toMatchObject({ errorResponse: { errorCode: 3 } })
  })

  it('tells of chosen services only, and of those that come later', async () => {
    const { server, address } = await serve({}, (one) =>
      addReflection(one, { filter: ({ fullName }) => !fullName.startsWith('grpc.') }),
    )
    const listed = async (): Promise<string[]> => {
      const [answer] = await ask(address, 'v1', [{ listServices: '' }])
      return (answer as { listServicesResponse: { service: { name: string }[] } }).listServicesResponse.service.map(
        ({ name }) => name,
      )
    }
    expect(await listed()).toEqual(['test.Echo'])
    const module = await generated({
      'more.proto': 'syntax = "proto3"; message M {} service More { rpc A(M) returns (M); }',
    })
    server.add(module['More'], { a: () => ({}) })
    expect(await listed()).toEqual(['More', 'test.Echo'])
  })
})

describe('channelz, asked by grpc-js', () => {
  it('tells of the server, its connections and what their calls came to', async () => {
    const { server, address } = await serve({}, (one) => {
      addChannelz(one)
    })
    const transport = grpc(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const echo = createClient(Echo, transport)
    await echo.unary({ text: 'a' })
    for await (const _ of echo.expand({ text: 'b', count: 3 }));
    await expect(createClient(Echo, transport).unary({ text: 'x' }, { timeoutMs: -1 })).rejects.toBeInstanceOf(RpcError)
    const client = peer(address, '@grpc/grpc-js', 'proto/channelz.proto', 'grpc.channelz.v1.Channelz')
    const { server: servers } = await unary(client, 'getServers', {})
    expect(servers).toHaveLength(1)
    expect(servers[0].data).toMatchObject({ lastCallStartedTimestamp: expect.anything() })
    const { serverId } = servers[0].ref
    const one = await unary(client, 'getServer', { serverId })
    expect(one.server.ref.name).toBe(address)
    const { socketRef } = await unary(client, 'getServerSockets', { serverId })
    expect(socketRef).toHaveLength(2)
    const { socket } = await unary(client, 'getSocket', { socketId: socketRef[0].socketId })
    expect(Number(socket.data.streamsStarted)).toBe(2)
    expect(Number(socket.data.streamsSucceeded)).toBe(2)
    expect(Number(socket.data.messagesReceived)).toBe(2)
    expect(Number(socket.data.messagesSent)).toBe(4)
    expect([...socket.remote.tcpipAddress.ipAddress]).toEqual([127, 0, 0, 1])
    for (const [method, request] of [
      ['getSocket', { socketId: 1e9 }],
      ['getServer', { serverId: 1e9 }],
      ['getServerSockets', { serverId: 1e9 }],
      ['getChannel', { channelId: 1 }],
      ['getSubchannel', { subchannelId: 1 }],
    ] as const) {
      await expect(unary(client, method, request)).rejects.toMatchObject({ code: grpcJs.status.NOT_FOUND })
    }
    expect(await unary(client, 'getTopChannels', {})).toMatchObject({ end: true })
    expect(server.stats()).toMatchObject({
      addresses: [address],
      isDraining: false,
      connections: [
        { wire: 'grpc', openCalls: 0, calls: { started: 2, succeeded: 2, failed: 0 } },
        { wire: 'grpc', peer: { kind: 'tcp' } },
      ],
    })
  })

  it('tells of the transports of the process, which tell of themselves', async () => {
    const { address: elsewhere } = await serve()
    const transport = grpc(elsewhere)
    onCleanup(() => transport.close({ drainMs: 0 }))
    expect(transport.stats()).toMatchObject({ target: elsewhere, state: 'IDLE', started: 0, connections: [] })
    const echo = createClient(Echo, transport)
    await Promise.all([echo.unary({}), echo.unary({})])
    expect(transport.stats()).toMatchObject({
      state: 'READY',
      waiting: 0,
      started: 2,
      connections: [{ peer: { address: elsewhere }, openCalls: 0, started: 2, usable: true }],
    })
    const { address } = await serve({}, (one) => {
      addChannelz(one, { channels: [transport] })
    })
    const client = peer(address, '@grpc/grpc-js', 'proto/channelz.proto', 'grpc.channelz.v1.Channelz')
    const { channel: channels } = await unary(client, 'getTopChannels', {})
    expect(channels).toHaveLength(1)
    const { channel } = await unary(client, 'getChannel', { channelId: channels[0].ref.channelId })
    expect(channel.data).toMatchObject({ target: elsewhere, state: { state: 'READY' } })
    expect(Number(channel.data.callsStarted)).toBe(2)
    const { socket } = await unary(client, 'getSocket', { socketId: channel.socketRef[0].socketId })
    expect(Number(socket.data.streamsStarted)).toBe(2)
    await transport.close()
    expect(transport.stats()).toMatchObject({ state: 'SHUTDOWN', started: 2, connections: [] })
  })

  it('counts nothing unless it is asked to', async () => {
    const { server, address } = await serve()
    const transport = grpc(address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    await createClient(Echo, transport).unary({})
    expect(server.stats()).toMatchObject({ calls: undefined, connections: [{ wire: 'grpc', calls: undefined }] })
  })
})

it('the generated services are what our compiler generates today', () => {
  const folder = join(import.meta.dirname, '../../../src/runtime/grpc/gen')
  const files = generateGrpcServices(compiler)
  const present = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  expect(present.map((path) => path.replaceAll('\\', '/')).sort()).toEqual(files.map(({ path }) => path).sort())
  for (const { path, text } of files) expect(readFileSync(join(folder, path), 'utf8'), path).toBe(text)
})
