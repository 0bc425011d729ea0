/** The Echo service of the gRPC tests: its types as generated code would print them, and the same for grpc-js. */

import { createServer, type Server, type Socket } from 'node:net'
import * as grpcJs from '@grpc/grpc-js'
import * as protoLoader from '@grpc/proto-loader'
import protobuf from 'protobufjs'
import type { CallOptions } from '../../../src/runtime/core/client/call-options.ts'
import type { Context } from '../../../src/runtime/core/context/context.ts'
import type { MethodKind } from '../../../src/runtime/core/message/schema.ts'
import { createRouter, type RouterOptions, type ServerRouter } from '../../../src/runtime/core/server/router.ts'
import type { MethodType, ServiceType } from '../../../src/runtime/core/service-type.ts'
import type { WireConnection } from '../../../src/runtime/core/wire.ts'
import { type GrpcWireOptions, grpcWire } from '../../../src/runtime/grpc/server/wire.ts'
import type { ProtobufMessage } from '../../../src/runtime/protobuf/message.ts'

/** The message of every method. */
export interface Note {
  text: string
  data: Uint8Array
  count: number
}
export type NoteInput = Partial<Note>

function complete(input: NoteInput): Note {
  return { text: input.text ?? '', data: input.data ?? new Uint8Array(0), count: input.count ?? 0 }
}

export const Note: ProtobufMessage<Note, NoteInput> = {
  typeName: 'test.Note',
  schema: { kind: 'message', name: 'test.Note', fields: [] },
  create: (init = {}) => complete(init),
  complete,
  encode(writer, note) {
    if (note.text !== undefined && note.text !== '') writer.stringField(10, note.text)
    if (note.data !== undefined && note.data.length > 0) writer.bytesField(18, note.data)
    if (note.count !== undefined && note.count !== 0) writer.int32Field(24, note.count)
  },
  decode(reader, end) {
    const note = complete({})
    while (reader.position < end) {
      const tag = reader.tag()
      if (tag === 10) note.text = reader.string()
      else if (tag === 18) note.data = reader.bytes()
      else if (tag === 24) note.count = reader.int32()
      else reader.skip(tag)
    }
    return note
  },
}

export interface EchoClient {
  unary(request: NoteInput, options?: CallOptions): Promise<Note>
  collect(request: AsyncIterable<NoteInput> | Iterable<NoteInput>, options?: CallOptions): Promise<Note>
  expand(request: NoteInput, options?: CallOptions): AsyncIterable<Note>
  chat(request: AsyncIterable<NoteInput> | Iterable<NoteInput>, options?: CallOptions): AsyncIterable<Note>
}

export interface EchoHandler {
  unary(request: Note, cx: Context): Promise<NoteInput> | NoteInput
  collect(request: AsyncIterable<Note>, cx: Context): Promise<NoteInput> | NoteInput
  expand(request: Note, cx: Context): AsyncIterable<NoteInput>
  chat(request: AsyncIterable<Note>, cx: Context): AsyncIterable<NoteInput>
}

function method(name: string, kind: MethodKind): MethodType {
  return { name, localName: name[0]!.toLowerCase() + name.slice(1), kind, request: Note, response: Note }
}

const emptyFile = {
  path: 'echo.proto',
  idl: 'protobuf',
  syntax: 'proto3',
  package: 'test',
  imports: [],
  messages: [],
  enums: [],
  services: [],
} as const

function service<C, H>(name: string, methods: readonly MethodType[]): ServiceType<C, H> {
  return { name, fullName: `test.${name}`, idl: 'protobuf', methods, file: emptyFile }
}

export const Echo: ServiceType<EchoClient, EchoHandler> = service('Echo', [
  method('Unary', 'unary'),
  method('Collect', 'client_streaming'),
  method('Expand', 'server_streaming'),
  method('Chat', 'bidi_streaming'),
])

/** Echo with a method that no server has. */
export const NewerEcho: ServiceType<{ later(request: NoteInput): Promise<Note> }, unknown> = service('Echo', [
  method('Later', 'unary'),
])

/** A service that no server has. */
export const Missing: ServiceType<{ unary(request: NoteInput): Promise<Note> }, unknown> = service('Missing', [
  method('Unary', 'unary'),
])

/** Handlers that answer what was asked. */
export const echoHandler: EchoHandler = {
  unary: (note) => note,
  async collect(notes) {
    const texts: string[] = []
    let count = 0
    for await (const note of notes) {
      texts.push(note.text)
      count++
    }
    return { text: texts.join(','), count }
  },
  async *expand(note) {
    for (let count = 0; count < note.count; count++) yield { text: note.text, count }
  },
  async *chat(notes) {
    for await (const note of notes) yield note
  },
}

const proto = `syntax = "proto3"; package test;
message Note { string text = 1; bytes data = 2; int32 count = 3; }
service Echo {
  rpc Unary(Note) returns (Note);
  rpc Collect(stream Note) returns (Note);
  rpc Expand(Note) returns (stream Note);
  rpc Chat(stream Note) returns (stream Note);
}`

/** Echo as grpc-js knows it. */
export const grpcJsEcho: grpcJs.ServiceClientConstructor = (
  grpcJs.loadPackageDefinition(protoLoader.fromJSON(protobuf.parse(proto).root.toJSON())) as unknown as {
    test: { Echo: grpcJs.ServiceClientConstructor }
  }
).test.Echo

/** A port that speaks our wire over plain sockets. */
export interface EchoPort {
  readonly address: string
  readonly port: number
  readonly router: ServerRouter
  readonly connections: readonly WireConnection[]
  readonly sockets: readonly Socket[]
  close(): Promise<void>
}

/** Serves Echo with our wire. */
export async function serveEcho(
  handler: Partial<EchoHandler> = {},
  options: { readonly wire?: GrpcWireOptions; readonly router?: RouterOptions; readonly path?: string } = {},
): Promise<EchoPort> {
  const router = createRouter(options.router).add(Echo, { ...echoHandler, ...handler })
  const wire = grpcWire(options.wire)
  const connections: WireConnection[] = []
  const sockets: Socket[] = []
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', (first: Buffer) => {
      socket.pause()
      const peer = { address: `${socket.remoteAddress}:${socket.remotePort}`, kind: 'tcp' } as const
      connections.push(wire.accept({ socket, peer, alpn: undefined }, first, router))
    })
  })
  await new Promise<void>((resolve) => {
    if (options.path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(options.path, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return {
    address: `127.0.0.1:${port}`,
    port,
    router,
    connections,
    sockets,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      await router.close()
      for (const connection of connections) connection.destroy()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
