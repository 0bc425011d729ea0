/** The ways from a client to the same handler: sockets and none, with all that may be set about them. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceType } from '../../src/runtime/core/service-type.ts'
import type { Transport } from '../../src/runtime/core/transport.ts'
import { grpc } from '../../src/runtime/grpc/client.ts'
import { type InProcessOptions, inProcess } from '../../src/runtime/inproc/direct.ts'
import { Server } from '../../src/runtime/serve/server.ts'
import { type ThriftOptions, thrift } from '../../src/runtime/thrift/client.ts'
import { generated } from '../support/generated.ts'
import { behaviourHandler } from './handler.ts'

export type Idl = 'thrift' | 'protobuf'

/** A way that stands: a client's transport, and its end. */
export interface OpenWay {
  readonly service: ServiceType<unknown, never>
  /** The class of the exception that the Thrift service declares. */
  readonly Refused: (new (init: never) => Error) | undefined
  readonly transport: Transport
  /** What `onError` heard. */
  readonly reported: unknown[]
  close(): Promise<void>
}

/** A way; its name stands in the table of differences. */
export interface Way {
  readonly name: string
  readonly idl: Idl
  open(): Promise<OpenWay>
}

const here = import.meta.dirname
const files = { thrift: 'behaviour.thrift', protobuf: 'behaviour.proto' }

async function serverOf(idl: Idl) {
  const name = files[idl]
  const { Behaviour, Refused } = await generated({ [name]: readFileSync(join(here, name), 'utf8') })
  const reported: unknown[] = []
  const server = new Server({ onError: (error) => reported.push(error) })
  server.add(Behaviour, behaviourHandler(Refused) as never)
  return { service: Behaviour as ServiceType<unknown, never>, Refused, reported, server }
}

function overSocket(name: string, idl: Idl, connect: (address: string) => Transport): Way {
  return {
    name,
    idl,
    async open() {
      const { server, ...rest } = await serverOf(idl)
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

function inside(name: string, options: InProcessOptions): Way[] {
  return (['thrift', 'protobuf'] as const).map((idl) => ({
    name,
    idl,
    async open() {
      const { server, ...rest } = await serverOf(idl)
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

/** All of them. */
export const ways: readonly Way[] = [
  overThrift('TTHeader', {}),
  overThrift('TTHeader compact', { protocol: 'compact' }),
  overThrift('TTHeader multiplexed', { connections: 'multiplexed' }),
  overThrift('framed', { transport: 'framed' }),
  overThrift('framed compact', { transport: 'framed', protocol: 'compact' }),
  overThrift('buffered', { transport: 'buffered' }),
  overSocket('gRPC', 'protobuf', (address) => grpc(address, { caller: 'web' })),
  ...inside('in-process', {}),
  ...inside('mailbox', { mode: 'mailbox', concurrency: 4 }),
  ...inside('in-process copy', { isolate: 'copy' }),
  ...inside('in-process freeze', { isolate: 'freeze' }),
  ...inside('in-process codec', { isolate: 'codec' }),
  ...inside('in-process isolated', { context: 'isolated' }),
]
