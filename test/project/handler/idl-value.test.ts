import { describe, expect, test } from 'vitest'
import { compile } from '../../../src/compiler/compile.ts'
import { nameProgram } from '../../../src/compiler/gen/name/names.ts'
import { lines } from '../../../src/compiler/gen/text/layout.ts'
import { memoryHost } from '../../../src/compiler/host.ts'
import { serviceModels } from '../../../src/project/generate/service-model.ts'
import { exampleValue, plainValue, type ValueMaker } from '../../../src/project/handler/idl-value.ts'

/** The plain and the example value of what method `get` of an IDL returns. */
function valuesOf(
  path: string,
  text: string,
  int64: ValueMaker['int64'] = 'bigint',
): { plain: string; example: string } {
  const { program, diagnostics } = compile({ entries: [path], host: memoryHost({ [path]: text }) })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const named = { program, names: nameProgram(program, () => {}) }
  const [service] = serviceModels([{ named, files: program.entries }])
  const maker: ValueMaker = { named, int64, use: (_module, name) => name }
  const type = service!.methods[0]!.result!
  const print = (value: Parameters<typeof lines>[1]): string => lines('', value, '', 1_000_000).join('\n')
  return { plain: print(plainValue(maker, type)), example: print(exampleValue(maker, type, 'answer')) }
}

const thrift = (type: string, more = ''): ReturnType<typeof valuesOf> =>
  valuesOf('a.thrift', `${more}\nservice S { ${type} get() }\n`)

describe('values of Thrift types', () => {
  test.each([
    ['string', "''", "'answer'"],
    ['bool', 'false', 'true'],
    ['i32', '0', '1'],
    ['i64', '0n', '1n'],
    ['double', '0', '1'],
    ['binary', 'new Uint8Array()', 'Uint8Array.of(1, 2, 3)'],
    ['uuid', "'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000000'"],
    ['list<string>', '[]', "['answer']"],
    ['set<i32>', 'new Set()', 'new Set([1])'],
    ['set<binary>', '[]', '[Uint8Array.of(1, 2, 3)]'],
    ['map<string, i32>', '{}', '{ key: 1 }'],
    ['map<i64, bool>', 'new Map()', 'new Map([[1n, true]])'],
    ['map<binary, bool>', '[]', '[[Uint8Array.of(1, 2, 3), true]]'],
  ])('%s', (type, plain, example) => {
    expect(thrift(type)).toEqual({ plain, example })
  })

  test('structs hold what is required; examples more', () => {
    const more =
      'enum E { A = 3, B = 4 }\nstruct P { 1: required string name, 2: i32 n, 3: i32 d = 7, 4: optional bool o, 5: required list<E> es, 6: E e }'
    expect(thrift('P', more)).toEqual({
      plain: "{ name: '', es: [] }",
      example: "{ name: 'name', n: 1, es: [E.A], e: E.A }",
    })
  })

  test('unions take the first case that does not lead back to them', () => {
    expect(thrift('U', 'union U { 1: U self, 2: i64 n }').plain).toBe("{ case: 'n', value: 0n }")
  })

  test('64-bit integers follow the option', () => {
    expect(valuesOf('a.thrift', 'service S { i64 get() }', 'string')).toEqual({ plain: "'0'", example: "'1'" })
    expect(valuesOf('a.thrift', 'service S { i64 get() }', 'number')).toEqual({ plain: '0', example: '1' })
  })

  test('recursive types end', () => {
    expect(
      thrift(
        'Tree',
        'struct Tree { 1: required string name, 2: required list<Tree> children, 3: optional Tree parent }',
      ),
    ).toEqual({
      plain: "{ name: '', children: [] }",
      example: expect.stringMatching(/^.{10,400}$/),
    })
    expect(thrift('A', 'struct A { 1: required B b }\nstruct B { 1: required A a }').plain).toBe(
      '{ b: { a: undefined as never } }',
    )
  })

  test('examples of broad messages stay short', () => {
    const fields = (type: string): string => Array.from({ length: 40 }, (_, i) => `${i + 1}: ${type} f${i}`).join(', ')
    const { example } = thrift(
      'A',
      `struct A { ${fields('B')} }\nstruct B { ${fields('C')} }\nstruct C { ${fields('string')} }`,
    )
    expect(example.length).toBeLessThan(2000)
  })
})

test('values of protobuf types', () => {
  expect(
    valuesOf(
      'a.proto',
      `syntax = "proto3";
import "google/protobuf/timestamp.proto";
message M { string full_name = 1; enum K { K_NONE = 0; K_ONE = 1; } K kind = 2; oneof body { string text = 3; M self = 4; }
  google.protobuf.Timestamp at = 5; map<int32, Inner> by_id = 6; message Inner { sint64 deep_value = 1; } }
service S { rpc Get(M) returns (M); }`,
    ),
  ).toEqual({
    plain: '{}',
    example:
      "{ fullName: 'fullName', kind: M_K.K_ONE, body: { case: 'text', value: 'text' }, byId: new Map([[1, { deepValue: 1n }]]) }",
  })
})
