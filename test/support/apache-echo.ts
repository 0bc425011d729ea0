/** The Echo service of echo-service.ts for Apache's npm package, written as its compiler would. */

import type { Server } from 'node:net'
import apache, { type TProtocol, type TTransport } from 'thrift'

const { Thrift } = apache
type ProtocolClass = new (transport: TTransport) => TProtocol
type Callback = (error: unknown, result?: unknown) => void

/** exception Boom as Apache's compiler prints it. */
export class ApacheBoom extends Error {
  code = 0
  text = ''
}

/** What an Apache server answers calls with. */
export interface ApacheEchoHandler {
  echo(text: string): Promise<string>
  add(a: number, b: number): Promise<number>
  ping(): Promise<void>
  fire(text: string): void
}

function writeStruct(
  output: TProtocol,
  fields: readonly (readonly [type: number, id: number, write: () => void])[],
): void {
  output.writeStructBegin('')
  for (const [type, id, write] of fields) {
    output.writeFieldBegin('', type, id)
    write()
    output.writeFieldEnd()
  }
  output.writeFieldStop()
  output.writeStructEnd()
}

function readStruct(input: TProtocol): Map<number, unknown> {
  const members = new Map<number, unknown>()
  input.readStructBegin()
  for (;;) {
    const { ftype, fid } = input.readFieldBegin()
    if (ftype === Thrift.Type.STOP) break
    if (ftype === Thrift.Type.STRING) members.set(fid, String(input.readString()))
    else if (ftype === Thrift.Type.I32) members.set(fid, input.readI32())
    else if (ftype === Thrift.Type.STRUCT) members.set(fid, readStruct(input))
    else input.skip(ftype)
    input.readFieldEnd()
  }
  input.readStructEnd()
  return members
}

/** The client class that `createClient` wants. */
export class ApacheEchoClient {
  readonly output: TTransport
  readonly pClass: ProtocolClass
  readonly _reqs: Record<number, Callback | undefined> = {}
  #sequence = 0

  constructor(output: TTransport, pClass: ProtocolClass) {
    this.output = output
    this.pClass = pClass
  }

  seqid(): number {
    return this.#sequence
  }

  echo(text: string): Promise<unknown> {
    return this.#call('echo', (output) =>
      writeStruct(output, [[Thrift.Type.STRING, 1, () => output.writeString(text)]]),
    )
  }

  add(a: number, b: number): Promise<unknown> {
    return this.#call('add', (output) =>
      writeStruct(output, [
        [Thrift.Type.I32, 1, () => output.writeI32(a)],
        [Thrift.Type.I32, 2, () => output.writeI32(b)],
      ]),
    )
  }

  ping(): Promise<unknown> {
    return this.#call('ping', (output) => writeStruct(output, []))
  }

  unknown(): Promise<unknown> {
    return this.#call('unknown', (output) => writeStruct(output, []))
  }

  fire(text: string): void {
    this.#sequence++
    this.#send('fire', Thrift.MessageType.ONEWAY, (output) =>
      writeStruct(output, [[Thrift.Type.STRING, 1, () => output.writeString(text)]]),
    )
  }

  recv_echo(input: TProtocol, kind: number, sequence: number): void {
    this.#receive(input, kind, sequence)
  }

  recv_add(input: TProtocol, kind: number, sequence: number): void {
    this.#receive(input, kind, sequence)
  }

  recv_ping(input: TProtocol, kind: number, sequence: number): void {
    this.#receive(input, kind, sequence)
  }

  recv_unknown(input: TProtocol, kind: number, sequence: number): void {
    this.#receive(input, kind, sequence)
  }

  #call(name: string, write: (output: TProtocol) => void): Promise<unknown> {
    const sequence = ++this.#sequence
    return new Promise((resolve, reject) => {
      this._reqs[sequence] = (error, result) => (error === null ? resolve(result) : reject(error))
      this.#send(name, Thrift.MessageType.CALL, write)
    })
  }

  #send(name: string, kind: number, write: (output: TProtocol) => void): void {
    const output = new this.pClass(this.output)
    output.writeMessageBegin(name, kind, this.#sequence)
    write(output)
    output.writeMessageEnd()
    this.output.flush()
  }

  #receive(input: TProtocol, kind: number, sequence: number): void {
    const callback = this._reqs[sequence]
    delete this._reqs[sequence]
    if (kind === Thrift.MessageType.EXCEPTION) {
      const exception = new Thrift.TApplicationException(0, '')
      exception.read(input)
      input.readMessageEnd()
      callback?.(exception)
      return
    }
    const result = readStruct(input)
    input.readMessageEnd()
    const boom = result.get(1) as Map<number, unknown> | undefined
    if (boom === undefined) callback?.(null, result.get(0))
    else callback?.(Object.assign(new ApacheBoom(), { code: boom.get(1), text: boom.get(2) }))
  }
}

/** The processor class that `createServer` wants. */
export class ApacheEchoProcessor {
  readonly #handler: ApacheEchoHandler

  constructor(handler: ApacheEchoHandler) {
    this.#handler = handler
  }

  process(input: TProtocol, output: TProtocol): void {
    const { fname, rseqid } = input.readMessageBegin()
    const args = readStruct(input)
    input.readMessageEnd()
    const handler = this.#handler
    if (fname === 'fire') {
      handler.fire(String(args.get(1)))
      return
    }
    const { STRING, I32, STRUCT } = Thrift.Type
    if (fname === 'echo') {
      handler.echo(String(args.get(1))).then(
        (text) => this.#reply(output, fname, rseqid, [[STRING, 0, () => output.writeString(text)]]),
        (boom: ApacheBoom) =>
          this.#reply(output, fname, rseqid, [
            [
              STRUCT,
              1,
              () =>
                writeStruct(output, [
                  [I32, 1, () => output.writeI32(boom.code)],
                  [STRING, 2, () => output.writeString(boom.text)],
                ]),
            ],
          ]),
      )
    } else if (fname === 'add') {
      handler
        .add(Number(args.get(1)), Number(args.get(2)))
        .then((sum) => this.#reply(output, fname, rseqid, [[I32, 0, () => output.writeI32(sum)]]))
    } else if (fname === 'ping') {
      handler.ping().then(() => this.#reply(output, fname, rseqid, []))
    } else {
      const exception = new Thrift.TApplicationException(
        Thrift.TApplicationExceptionType.UNKNOWN_METHOD,
        `Unknown function ${fname}`,
      )
      output.writeMessageBegin(fname, Thrift.MessageType.EXCEPTION, rseqid)
      exception.write(output)
      output.writeMessageEnd()
      output.flush()
    }
  }

  #reply(output: TProtocol, name: string, sequence: number, fields: Parameters<typeof writeStruct>[1]): void {
    output.writeMessageBegin(name, Thrift.MessageType.REPLY, sequence)
    writeStruct(output, fields)
    output.writeMessageEnd()
    output.flush()
  }
}

/** Listens on a free loopback port. */
export function listenApache(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}
