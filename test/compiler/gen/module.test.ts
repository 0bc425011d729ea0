import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { isDeclaredException } from '../../../src/runtime/core/error.ts'
import { type GeneratedModule, generated } from '../../support/generated.ts'

function golden(path: string): string {
  return readFileSync(new URL(`../../golden/${path}`, import.meta.url), 'utf8')
}

describe('a module from Thrift', () => {
  let types: GeneratedModule
  beforeAll(async () => {
    types = await generated({ 'types.thrift': golden('thrift-types/idl/types.thrift') })
  })

  test('has constants with their whole values', () => {
    expect(types['HUGE']).toBe(-9223372036854775808n)
    expect(types['LEVEL_BY_NUMBER']).toBe(types['Level'].MIDDLE)
    expect(types['COPY']).toBe('hello')
    expect(types['MAGIC']).toEqual(new TextEncoder().encode('volo'))
    expect(types['WORDS']).toEqual(new Set(['one', 'two']))
    expect(types['BY_NUMBER']).toEqual(new Map([[1, 'one'], [2, 'two']])) // biome-ignore format: pairs
    expect(types['BY_POINT']).toEqual([[{ x: 0, y: 0 }, 'origin']])
    expect(types['PRESENT']).toEqual({ a: 1, c: 0, d: { x: 1, y: 2 }, g: [], i: [], j: 0, l: 0, n: ['x'], o: 7, p: 1 })
    expect(types['SHAPE']).toEqual({ case: 'point', value: { x: 1, y: 1 } })
    expect(types['GONE']).toBeInstanceOf(types['NotFound'])
  })

  test('has records without prototype, whatever their keys', () => {
    const record = types['BY_TEXT']
    expect(Object.getPrototypeOf(record)).toBe(null)
    expect(Object.keys(record).sort()).toEqual(['__proto__', 'first'])
    expect(Object.getOwnPropertyDescriptor(record, '__proto__')?.value).toEqual([2])
  })

  test('constants of a struct are complete', () => {
    for (const name of ['PRESENT', 'ORIGIN']) {
      const type = types[name === 'PRESENT' ? 'Presence' : 'Point']
      expect(type.complete(types[name])).toBe(types[name])
    }
    expect(types['Shape'].complete(types['SHAPE'])).toBe(types['SHAPE'])
  })

  test('fills in every kind of default', () => {
    const made = types['Defaults'].create()
    expect(made).toMatchObject({
      yes: true,
      one: true,
      small: -128,
      large: 16,
      huge: 9223372036854775807n,
      real: 1.5e10,
      whole: 3,
      text: 'it\'s "quoted"\n',
      level: 6,
      byNumber: 5,
      grade: 0,
      numbers: [1, 2, 3],
      words: new Set(['a', 'b']),
      byHuge: new Map([[1n, 'one']]),
      point: { x: 1, y: 2.5 },
      points: [{ x: 0, y: 0 }],
      shape: { case: 'name', value: 'circle' },
      constant: 'hello',
      empty: [],
      noNumbers: new Set(),
    })
    expect({ ...made.byText }).toEqual({ a: 1, 'not-an-identifier': 2 })
    expect(made.maybe).toBe(5n)
  })

  test('typedefs of structs, exceptions and enums are values too', () => {
    expect(types['Edge']).toBe(types['Point'])
    expect(types['Grade']).toBe(types['Level'])
    expect(types['Gone']).toBe(types['NotFound'])
  })

  test('exceptions are errors with their fields', () => {
    const error = new types['NotFound']({ message: 'no such cart', id: '7' })
    expect(error).toBeInstanceOf(Error)
    expect(isDeclaredException(error)).toBe(true)
    expect(String(error)).toBe('NotFound: no such cart')
    expect({ ...error }).toEqual({ id: '7' })
    expect(error.stack).toContain('NotFound')
    expect(() => new types['NotFound']({})).toThrow('types.NotFound.id is required and missing')
    expect(String(new types['Plain']())).toBe('Plain')
    expect(new types['Optional']().message).toBe('')
    const clashing = new types['Clashing']({ message_: 3, name_: 'n', where: { x: 1, y: 2 } })
    expect(clashing.name).toBe('Clashing')
    expect({ ...clashing }).toEqual({ message_: 3, name_: 'n', stack_: '', cause_: '', where: { x: 1, y: 2 } })
  })

  test('exception classes are their own message type', () => {
    const { NotFound } = types
    const error = NotFound.create({ id: '1' })
    expect(NotFound.complete(error)).toBe(error)
    expect(NotFound.complete({ id: '1' })).toBeInstanceOf(NotFound)
    expect(NotFound.typeName).toBe('types.NotFound')
    expect(NotFound.schema).toMatchObject({ kind: 'exception', name: 'types.NotFound' })
  })

  test('describes its file', () => {
    const { $file } = types
    expect($file).toMatchObject({ path: 'types.thrift', idl: 'thrift', syntax: 'thrift', package: 'golden.types' })
    expect($file.enums[0].values.map((one: { number: number }) => one.number)).toEqual([0, 5, 6, -3])
    const fields = Object.fromEntries(
      types['Defaults'].schema.fields.map((one: { name: string; default: unknown }) => [one.name, one.default]),
    )
    expect(fields).toEqual({
      yes: true,
      one: true,
      small: -128,
      large: 16,
      huge: '9223372036854775807',
      real: 1.5e10,
      whole: 3,
      text: 'it\'s "quoted"\n',
      bytes: 'YWI=',
      level: 6,
      byNumber: 5,
      grade: 0,
      numbers: [1, 2, 3],
      words: ['a', 'b'],
      byText: { a: 1, 'not-an-identifier': 2 },
      byHuge: [['1', 'one']],
      point: { x: 1, y: 2.5 },
      points: [{ x: 0, y: 0 }],
      shape: { name: 'circle' },
      constant: 'hello',
      empty: [],
      none: {},
      maybe: '5',
      noNumbers: [],
    })
    const nested = types['Nested'].schema.fields
    expect(nested[8].type).toEqual({
      kind: 'map',
      key: { kind: 'scalar', scalar: 'string' },
      value: {
        kind: 'map',
        key: { kind: 'scalar', scalar: 'i32' },
        value: { kind: 'list', element: { kind: 'message', name: 'types.Point' } },
      },
    })
  })
})

describe('a service', () => {
  test('of Thrift has own and inherited methods with their structs', async () => {
    const { Worker, $file } = await generated({
      'services.thrift': golden('thrift-services/idl/services.thrift'),
      'base/common.thrift': golden('thrift-services/idl/base/common.thrift'),
    })
    const methods = Worker.methods as { name: string; kind: string; request: { typeName: string; schema: unknown } }[]
    expect(methods.map((one) => one.name)).toEqual(['version', 'ping', 'take', 'give', 'forget', 'all', 'echo', 'old'])
    const give = Worker.methods[3]
    expect(give).toMatchObject({ localName: 'give', kind: 'unary', args: ['task', 'note', 'weight'], isVoid: true })
    expect(give.throws).toMatchObject([{ member: 'busy' }])
    expect(give.request.create({ task: { id: 'a' } })).toMatchObject({ task: { id: 'a', title: '' }, weight: 1 })
    expect(() => give.request.create({})).toThrow('required and missing')
    expect(Worker.methods[4].kind).toBe('oneway')
    expect(Worker.methods[5].idempotent).toBe(true)
    for (const method of methods) expect(method.request.schema).toMatchObject({ name: method.request.typeName })
    expect($file.services[0]).toMatchObject({ name: 'services.Worker', extends: 'common.Common' })
    expect($file.services[0].methods[0]).toEqual({
      name: 'take',
      kind: 'unary',
      request: 'services.Worker.take_args',
      response: 'services.Worker.take_result',
    })
    expect($file.imports[0].path).toBe('base/common.thrift')
  })

  test('of protobuf has its messages and kinds', async () => {
    const { Streams, $file } = await generated({ 'golden/types.proto': golden('proto-types/idl/golden/types.proto') })
    const methods = Streams.methods as { localName: string; kind: string; response: { typeName: string } }[]
    expect(methods.map((one) => [one.localName, one.kind, one.response.typeName])).toEqual([
      ['one', 'unary', 'golden.Nothing'],
      ['down', 'server_streaming', 'golden.Scalars'],
      ['up', 'client_streaming', 'google.protobuf.Empty'],
      ['both', 'bidi_streaming', 'golden.Outer.Inner'],
      ['read', 'unary', 'golden.Scalars'],
      ['old', 'unary', 'golden.Nothing'],
    ])
    expect(Streams.methods[4].idempotent).toBe(true)
    expect(Streams.fullName).toBe('golden.Streams')
    expect($file.imports.map((one: { path: string }) => one.path)).toContain('google/protobuf/wrappers.proto')
  })
})
