/** grpc-js on the other end: a server, a client, and its calls as promises. */

import * as grpcJs from '@grpc/grpc-js'
import { grpcJsEcho } from './echo.ts'

export interface GrpcJsServer {
  readonly address: string
  readonly server: grpcJs.Server
  close(): void
}

/** Serves Echo with grpc-js; methods that are left out are unimplemented. */
export async function serveGrpcJs(
  implementation: object,
  options: grpcJs.ServerOptions = {},
  wantedPort = 0,
): Promise<GrpcJsServer> {
  const server = new grpcJs.Server(options)
  server.addService(grpcJsEcho.service, implementation as grpcJs.UntypedServiceImplementation)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${wantedPort}`, grpcJs.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  return { address: `127.0.0.1:${port}`, server, close: () => server.forceShutdown() }
}

interface GrpcJsNote {
  text?: string
  data?: Uint8Array
  count?: number
}

/** The four methods of a grpc-js Echo client. */
export interface GrpcJsClient {
  unary(
    note: GrpcJsNote,
    metadata: grpcJs.Metadata,
    options: grpcJs.CallOptions,
    callback: (error: grpcJs.ServiceError | null, note: GrpcJsNote) => void,
  ): grpcJs.ClientUnaryCall
  collect(
    metadata: grpcJs.Metadata,
    options: grpcJs.CallOptions,
    callback: (error: grpcJs.ServiceError | null, note: GrpcJsNote) => void,
  ): grpcJs.ClientWritableStream<GrpcJsNote>
  expand(
    note: GrpcJsNote,
    metadata: grpcJs.Metadata,
    options: grpcJs.CallOptions,
  ): grpcJs.ClientReadableStream<GrpcJsNote>
  chat(metadata: grpcJs.Metadata, options: grpcJs.CallOptions): grpcJs.ClientDuplexStream<GrpcJsNote, GrpcJsNote>
  close(): void
}

export function grpcJsClient(address: string, options: grpcJs.ClientOptions = {}): GrpcJsClient {
  return new grpcJsEcho(address, grpcJs.credentials.createInsecure(), options) as unknown as GrpcJsClient
}

export interface GrpcJsOutcome {
  readonly note: GrpcJsNote | undefined
  readonly error: grpcJs.ServiceError | undefined
  readonly headers: grpcJs.Metadata | undefined
  readonly status: grpcJs.StatusObject
}

/** A unary call of grpc-js with all that it says. */
export function grpcJsUnary(
  client: GrpcJsClient,
  note: GrpcJsNote,
  metadata: grpcJs.Metadata = new grpcJs.Metadata(),
  options: grpcJs.CallOptions = {},
): Promise<GrpcJsOutcome> {
  return new Promise((resolve) => {
    let headers: grpcJs.Metadata | undefined
    let outcome: { error: grpcJs.ServiceError | null; note: GrpcJsNote } | undefined
    let status: grpcJs.StatusObject | undefined
    const settle = (): void => {
      if (outcome === undefined || status === undefined) return
      resolve({ note: outcome.note, error: outcome.error ?? undefined, headers, status })
    }
    const call = client.unary(note, metadata, options, (error, reply) => {
      outcome = { error, note: reply }
      settle()
    })
    call.on('metadata', (received: grpcJs.Metadata) => {
      headers = received
    })
    call.on('status', (received: grpcJs.StatusObject) => {
      status = received
      settle()
    })
  })
}

/** Reads a stream of grpc-js to its end. */
export function readAll(stream: NodeJS.EventEmitter): Promise<{ notes: GrpcJsNote[]; status: grpcJs.StatusObject }> {
  return new Promise((resolve) => {
    const notes: GrpcJsNote[] = []
    stream.on('data', (note: GrpcJsNote) => notes.push(note))
    stream.on('error', () => {})
    stream.on('status', (status: grpcJs.StatusObject) => resolve({ notes, status }))
  })
}
