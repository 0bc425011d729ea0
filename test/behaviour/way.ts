/** The ways from a client to the same handler: sockets and none, with all that may be set about them. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryHost } from '../../src/compiler/host.ts'
import { loadSchemas } from '../../src/compiler/load-schemas.ts'
import { createClient } from '../../src/runtime/core/client/client.ts'
import type { Layer } from '../../src/runtime/core/layer.ts'
import type { FileSchema } from '../../src/runtime/core/message/schema.ts'
import type { ServiceType } from '../../src/runtime/core/service-type.ts'
import type { Transport } from '../../src/runtime/core/transport.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { forward as forwardGrpc, interpretedService as grpcService } from '../../src/runtime/grpc/generic.ts'
import { type InProcessOptions, inProcess } from '../../src/runtime/inproc/direct.ts'
import { type ThreadsTransport, threads } from '../../src/runtime/inproc/thread/threads.ts'
import { Server } from '../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../src/runtime/thrift/client/transport.ts'
import { forward as forwardThrift, interpretedService as thriftService } from '../../src/runtime/thrift/generic.ts'
import { generated, generatedPath } from '../support/generated.ts'
import { buildWorkers } from './build-worker.ts'
import { behaviourHandler, reportOf } from './handler.ts'
import { passingLayers } from './layer.ts'

export type Idl = 'thrift' | 'protobuf'

/** A way that stands: a client's transport, and its end. */
export interface OpenWay {
  readonly service: ServiceType<unknown, never>
  /** The class of the exception that the Thrift service declares. */
  readonly Refused: (new (init: never) => Error) | undefined
  readonly transport: Transport
  /** Stand around the client. */
  readonly layers?: readonly Layer[]
  close(): Promise<void>
}

/** A way; its name stands in the table of differences. */
export interface Way {
  readonly name: string
  /** How it differs from another way of this name, whose outcomes it shares. */
  readonly variant?: string
  readonly idl: Idl
  open(): Promise<OpenWay>
}

const here = import.meta.dirname
const files = { thrift: 'behaviour.thrift', protobuf: 'behaviour.proto' }

const sourceOf = (idl: Idl) => ({ [files[idl]]: readFileSync(join(here, files[idl]), 'utf8') })

async function serverOf(idl: Idl, layers: readonly Layer[] = []) {
  const { Behaviour, Refused } = await generated(sourceOf(idl))
  const reported: string[] = []
  const server = new Server({ layers, onError: (error) => reported.push(reportOf(error)) })
  server.add(Behaviour, behaviourHandler(Refused, reported) as never)
  return { service: Behaviour as ServiceType<unknown, never>, Refused, server, layers }
}

function overSocket(name: string, idl: Idl, connect: (address: string) => Transport, layers?: readonly Layer[]): Way {
  return {
    name,
    ...(layers === undefined ? {} : { variant: 'with layers' }),
    idl,
    async open() {
      const { server, ...rest } = await serverOf(idl, layers)
      const { port } = await server.listen('127.0.0.1:0')
      const transport = connect(`127.0.0.1:${port}`)
      return {
        ...rest,
        transport,
        async close() {
          await transport.close()
          await server.close({ drainMs: 0 })
        },
      }
    },
  }
}

const overThrift = (name: string, options: ThriftOptions): Way =>
  overSocket(name, 'thrift', (address) => thrift(address, { caller: 'web', ...options }))

/** Both sides work by descriptions that are read from the IDL at run time. */
function withoutCode(name: string, idl: Idl, connect: (address: string) => Transport): Way {
  return {
    name,
    variant: 'without generated code',
    idl,
    async open() {
      const { schemas } = loadSchemas({ entries: [files[idl]], host: memoryHost(sourceOf(idl)) })
      const [file] = schemas as [FileSchema]
      const service = (idl === 'thrift' ? thriftService : grpcService)(file, 'Behaviour')
      const Refused = service.methods[0]?.throws?.[0]?.type
      const reported: string[] = []
      const server = new Server({ onError: (error) => reported.push(reportOf(error)) })
      server.add(service, behaviourHandler(Refused as never, reported))
      const { port } = await server.listen('127.0.0.1:0')
      const transport = connect(`127.0.0.1:${port}`)
      return {
        service: service as ServiceType<unknown, never>,
        Refused,
        transport,
        async close() {
          await transport.close()
          await server.close({ drainMs: 0 })
        },
      }
    },
  }
}

/** A server that knows no service passes every call on, in bytes. */
function throughProxy(name: string, idl: Idl, connect: (address: string) => Transport): Way {
  return {
    name,
    variant: 'through a proxy',
    idl,
    async open() {
      const { server, ...rest } = await serverOf(idl)
      const { port } = await server.listen('127.0.0.1:0')
      const onward = connect(`127.0.0.1:${port}`)
      const proxy = new Server({ unknown: (idl === 'thrift' ? forwardThrift : forwardGrpc)(onward), onError() {} })
      const { port: front } = await proxy.listen('127.0.0.1:0')
      const transport = connect(`127.0.0.1:${front}`)
      return {
        ...rest,
        transport,
        async close() {
          await transport.close()
          await proxy.close({ drainMs: 0 })
          await onward.close()
          await server.close({ drainMs: 0 })
        },
      }
    },
  }
}

function inside(name: string, options: InProcessOptions, layers?: readonly Layer[]): Way[] {
  return (['thrift', 'protobuf'] as const).map((idl) => ({
    name,
    ...(layers === undefined ? {} : { variant: 'with layers' }),
    idl,
    async open() {
      const { server, ...rest } = await serverOf(idl, layers)
      const transport = inProcess(server, options)
      return {
        ...rest,
        transport,
        async close() {
          await transport.close()
          await server.close({ drainMs: 0 })
        },
      }
    },
  }))
}

/** The same proxy without any socket. */
function insideThroughProxy(name: string): Way[] {
  return (['thrift', 'protobuf'] as const).map((idl) => ({
    name,
    variant: 'through a proxy',
    idl,
    async open() {
      const { server, ...rest } = await serverOf(idl)
      const onward = inProcess(server)
      const proxy = new Server({ unknown: (idl === 'thrift' ? forwardThrift : forwardGrpc)(onward), onError() {} })
      const transport = inProcess(proxy)
      return {
        ...rest,
        transport,
        async close() {
          await transport.close()
          await proxy.close({ drainMs: 0 })
          await onward.close()
          await server.close({ drainMs: 0 })
        },
      }
    },
  }))
}

let workers: ReturnType<typeof buildWorkers> | undefined
const pools = new Map<string, ThreadsTransport>()

/** A worker takes long to start: those that are still open serve the next behaviour. */
function inThread(name: string, payload: 'codec' | 'clone', layers?: readonly Layer[]): Way[] {
  return (['thrift', 'protobuf'] as const).map((idl) => ({
    name,
    ...(layers === undefined ? {} : { variant: 'with layers' }),
    idl,
    async open() {
      workers ??= buildWorkers(generatedPath(sourceOf('thrift')), generatedPath(sourceOf('protobuf')))
      const { Behaviour, Refused } = await generated(sourceOf(idl))
      const { plain, layered } = await workers
      const worker = layers === undefined ? plain : layered
      const key = `${payload} ${worker}`
      const pool = pools.get(key) ?? threads(worker, { size: 1, payload })
      pools.set(key, pool)
      await pool.ready()
      const transport: Transport = {
        bind: (service) => pool.bind(service),
        close(options) {
          pools.delete(key)
          return pool.close(options)
        },
      }
      const { echo } = createClient(Behaviour, transport) as { echo(item: object): Promise<unknown> }
      await echo({ id: 'reset' })
      return { service: Behaviour, Refused, transport, layers: layers ?? [], close: () => Promise.resolve() }
    },
  }))
}

/** Ends what is kept open between behaviours. */
export async function closeWays(): Promise<void> {
  await Promise.all([...pools.values()].map((pool) => pool.close()))
}

/** All of them. */
export const ways: readonly Way[] = [
  overThrift('TTHeader', {}),
  overThrift('TTHeader compact', { protocol: 'compact' }),
  overThrift('TTHeader multiplexed', { connections: 'multiplexed' }),
  overThrift('framed', { transport: 'framed' }),
  overThrift('framed compact', { transport: 'framed', protocol: 'compact' }),
  overThrift('buffered', { transport: 'buffered' }),
  overSocket('gRPC', 'protobuf', (address) => grpc(address, { caller: 'web' })),
  overSocket('TTHeader', 'thrift', (address) => thrift(address, { caller: 'web' }), passingLayers),
  overSocket('gRPC', 'protobuf', (address) => grpc(address, { caller: 'web' }), passingLayers),
  withoutCode('TTHeader', 'thrift', (address) => thrift(address, { caller: 'web' })),
  withoutCode('gRPC', 'protobuf', (address) => grpc(address, { caller: 'web' })),
  throughProxy('TTHeader', 'thrift', (address) => thrift(address, { caller: 'web' })),
  throughProxy('TTHeader compact', 'thrift', (address) => thrift(address, { caller: 'web', protocol: 'compact' })),
  throughProxy('gRPC', 'protobuf', (address) => grpc(address, { caller: 'web' })),
  ...inside('in-process', {}),
  ...inside('in-process', {}, passingLayers),
  ...inside('mailbox', { mode: 'mailbox', concurrency: 4 }),
  ...inside('in-process copy', { isolate: 'copy' }),
  ...inside('in-process freeze', { isolate: 'freeze' }),
  ...inside('in-process codec', { isolate: 'codec' }),
  ...insideThroughProxy('in-process copy'),
  ...inside('in-process isolated', { context: 'isolated' }),
  ...inThread('threads', 'codec'),
  ...inThread('threads', 'codec', passingLayers),
  ...inThread('threads clone', 'clone'),
]
