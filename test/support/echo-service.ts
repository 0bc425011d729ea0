/** A small Thrift service with hand-written codecs, for tests of the wires without the generator. */

import type { CallOptions } from '../../src/runtime/core/client/call-options.ts'
import type { Context } from '../../src/runtime/core/context/context.ts'
import { DeclaredException } from '../../src/runtime/core/error.ts'
import type { MessageSchema } from '../../src/runtime/core/message/schema.ts'
import type { ServiceType } from '../../src/runtime/core/service-type.ts'
import type { ThriftReader, ThriftStruct, ThriftWriter } from '../../src/runtime/thrift/protocol/protocol.ts'

type FieldType = 'string' | 'i32' | ThriftStruct
type Field = readonly [id: number, name: string, type: FieldType]
type Plain = Record<string, unknown>

const codes = { string: 11, i32: 8 } as const

/** A struct whose members are all optional, read and written field by field. */
function struct(name: string, fields: readonly Field[], make: (members: Plain) => unknown = (m) => m): ThriftStruct {
  const schema: MessageSchema = { kind: 'struct', name, fields: [] }
  return {
    typeName: name,
    schema,
    create: (init) => init as Plain,
    complete: (input) => input,
    encode(writer: ThriftWriter, value: unknown): void {
      writer.structBegin()
      for (const [id, member, type] of fields) {
        const item = (value as Plain)[member]
        if (item === undefined) continue
        if (type === 'string') writer.stringField(id, item as string)
        else if (type === 'i32') writer.i32Field(id, item as number)
        else {
          writer.fieldBegin(12, id)
          type.encode(writer, item)
        }
      }
      writer.structEnd()
    },
    decode(reader: ThriftReader): unknown {
      const members: Plain = {}
      reader.structBegin()
      for (let code = reader.fieldBegin(); code !== 0; code = reader.fieldBegin()) {
        const id = reader.fieldId
        const field = fields.find(
          ([own, , type]) => own === id && code === (typeof type === 'string' ? codes[type] : 12),
        )
        if (field === undefined) reader.skip(code)
        else if (field[2] === 'string') members[field[1]] = reader.string()
        else if (field[2] === 'i32') members[field[1]] = reader.i32()
        else members[field[1]] = field[2].decode(reader)
      }
      reader.structEnd()
      return make(members)
    },
  }
}

/** exception Boom { 1: i32 code, 2: string text } */
export class Boom extends DeclaredException {
  readonly code: number
  readonly text: string

  constructor(init: { readonly code?: number; readonly text?: string }) {
    super('Boom')
    this.code = init.code ?? 0
    this.text = init.text ?? ''
  }
}

const boomStruct = struct(
  'echo.Boom',
  [
    [1, 'code', 'i32'],
    [2, 'text', 'string'],
  ],
  (members) => new Boom(members),
)

export interface EchoClient {
  echo(text: string, options?: CallOptions): Promise<string>
  add(a: number, b: number, options?: CallOptions): Promise<number>
  ping(options?: CallOptions): Promise<void>
  fire(text: string, options?: CallOptions): Promise<void>
}

export interface EchoHandler {
  echo(text: string, cx: Context): Promise<string> | string
  add(a: number, b: number, cx: Context): Promise<number> | number
  ping(cx: Context): Promise<void> | void
  fire(text: string, cx: Context): Promise<void> | void
}

/** The service under another name, to have several. */
export function echoService(name: string): ServiceType<EchoClient, EchoHandler> {
  return {
    name,
    fullName: name,
    idl: 'thrift',
    file: {
      path: 'echo.thrift',
      idl: 'thrift',
      syntax: 'thrift',
      package: '',
      imports: [],
      messages: [],
      enums: [],
      services: [],
    },
    methods: [
      {
        name: 'echo',
        localName: 'echo',
        kind: 'unary',
        request: struct(`${name}_echo_args`, [[1, 'text', 'string']]),
        response: struct(`${name}_echo_result`, [
          [0, 'success', 'string'],
          [1, 'boom', boomStruct],
        ]),
        args: ['text'],
        throws: [{ member: 'boom', type: Boom }],
      },
      {
        name: 'add',
        localName: 'add',
        kind: 'unary',
        request: struct(`${name}_add_args`, [
          [1, 'a', 'i32'],
          [2, 'b', 'i32'],
        ]),
        response: struct(`${name}_add_result`, [[0, 'success', 'i32']]),
        args: ['a', 'b'],
      },
      {
        name: 'ping',
        localName: 'ping',
        kind: 'unary',
        request: struct(`${name}_ping_args`, []),
        response: struct(`${name}_ping_result`, [[1, 'boom', boomStruct]]),
        args: [],
        isVoid: true,
        throws: [{ member: 'boom', type: Boom }],
      },
      {
        name: 'fire',
        localName: 'fire',
        kind: 'oneway',
        request: struct(`${name}_fire_args`, [[1, 'text', 'string']]),
        response: struct(`${name}_fire_result`, []),
        args: ['text'],
        isVoid: true,
      },
    ],
  }
}

/**
 * service Echo {
 *   string echo(1: string text) throws (1: Boom boom), i32 add(1: i32 a, 2: i32 b), void ping() throws (1: Boom boom),
 *   oneway void fire(1: string text)
 * }
 */
export const Echo: ServiceType<EchoClient, EchoHandler> = echoService('Echo')

/** A handler that answers as the names say; override what a test needs. */
export function echoHandler(overrides: Partial<EchoHandler> = {}): EchoHandler {
  return { echo: (text) => text, add: (a, b) => a + b, ping: () => {}, fire: () => {}, ...overrides }
}
