import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GenerateOptions } from '../../../src/compiler/compile.ts'
import { parameterName } from '../../../src/compiler/gen/name/names.ts'
import { camelCase } from '../../../src/compiler/gen/name/naming.ts'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import { compileTexts, generated, generatedText } from '../../support/generated.ts'

describe('camelCase', () => {
  test.each([
    ['in_service_since', 'inServiceSince'],
    ['id', 'id'],
    ['with_1_digit', 'with1Digit'],
    ['a__b', 'aB'],
    ['trailing_', 'trailing'],
    ['_leading', 'leading'],
    ['UPPER_CASE', 'UPPERCASE'],
    ['PascalCase', 'PascalCase'],
    ['_1st', '_1st'],
    ['_', '_'],
    ['__proto__', 'proto'],
  ])('%s becomes %s', (name, expected) => {
    expect(camelCase(name)).toBe(expected)
  })

  test('an identifier becomes an identifier', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/), (name) => {
        expect(camelCase(name)).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/)
      }),
    )
  })
})

test('parameters give way to keywords and to each other', () => {
  expect(parameterName('default')).toBe('default_')
  expect(parameterName('cx', new Set(['cx', 'cx_']))).toBe('cx__')
  expect(parameterName('of')).toBe('of')
})

describe('two IDL names that become one', () => {
  function changed(files: Record<string, string>, options: GenerateOptions = {}): string[] {
    const { diagnostics, files: written } = compileTexts(files, options)
    expect(diagnostics.filter((one) => one.severity === 'error')).toEqual([])
    expect(written).not.toEqual([])
    return diagnostics
      .filter((one) => one.code === 'generated-name-changed')
      .map(({ message, span }) => `${span?.source.text.slice(span.start, span.end)}: ${message}`)
  }

  test('as declarations: the first in the file keeps it, whatever is reached', () => {
    const text =
      'syntax = "proto3"; message Outer { message Inner {} } message Outer_Inner {} message M { Outer_Inner m = 1; }'
    const expected = [
      "Outer_Inner: 'Outer.Inner' and 'Outer_Inner' both become 'Outer_Inner' in TypeScript; this one is called 'Outer_Inner_'",
    ]
    expect(changed({ 'a.proto': text })).toEqual(expected)
    const user = 'syntax = "proto3"; import "a.proto"; message User { Outer_Inner m = 1; }'
    const files = { 'a.proto': text, 'b.proto': user }
    const { diagnostics, files: written } = compileTexts(files, {}, ['b.proto'])
    expect(diagnostics.map((one) => one.code)).toEqual(['generated-name-changed'])
    expect(written.find((one) => one.path === 'a.ts')?.text).toContain('export interface Outer_Inner_ {')
  })

  test('as fields: the lower number keeps it, wherever it stands', () => {
    const text = 'syntax = "proto2"; message M { optional string fooBar = 7; optional string foo_bar = 3; }'
    expect(changed({ 'a.proto': text })).toEqual([
      "fooBar: 'foo_bar' and 'fooBar' both become 'fooBar' in TypeScript; this one is called 'fooBar_'",
    ])
  })

  test('as methods, those of a service that is extended included', () => {
    const text = 'syntax = "proto3"; message M {} service S { rpc Get(M) returns (M); rpc get(M) returns (M); }'
    expect(changed({ 'a.proto': text })).toEqual([
      "get: 'Get' and 'get' both become 'get' in TypeScript; this one is called 'get_'",
    ])
    const thrift = { 'a.thrift': 'service B extends A { i32 getIt() } service A { string get_it() }' }
    expect(changed(thrift, { naming: 'camel' })).toEqual([
      "getIt: 'getIt' becomes 'getIt_' in TypeScript, where 'getIt' is the name of something else",
    ])
  })

  test('as a field and a oneof, and as cases of a oneof or union', () => {
    const text = 'syntax = "proto3"; message M { string a_b = 1 [json_name = "x"]; oneof aB { string c = 2; } }'
    expect(changed({ 'a.proto': text })).toHaveLength(1)
    const cases = 'syntax = "proto2"; message M { oneof o { string a_b = 2; string aB = 1; } }'
    expect(changed({ 'a.proto': cases })).toEqual([
      "a_b: 'aB' and 'a_b' both become 'aB' in TypeScript; this one is called 'aB_'",
    ])
    expect(changed({ 'a.thrift': 'union U { 1: string a_b 2: string aB }' }, { naming: 'camel' })).toHaveLength(1)
  })

  test("inside the structs of methods are nobody's concern", () => {
    expect(changed({ 'a.thrift': 'exception E {} service S { i32 m() throws (1: E success) }' })).toEqual([])
  })

  test('travel as the IDL says', async () => {
    const { M } = await generated({
      'a.proto': `syntax = "proto2"; message M {
        optional string fooBar = 7; optional int32 foo_bar = 3; oneof o { string a_b = 2; int32 aB = 1; }
      }`,
    })
    const value = M.create({ fooBar: 1, fooBar_: 'x', o: { case: 'aB_', value: 'y' } })
    expect(fromBinary(M, toBinary(M, value))).toEqual(value)
  })
})

describe('rename', () => {
  const files = {
    'shop.proto': `syntax = "proto3"; package shop; message Outer { message Inner { string sku_no = 1; } } message Outer_Inner {}
      enum Kind { KIND_A = 0; } service Shop { rpc Get(Outer) returns (Outer.Inner); }`,
  }

  test('chooses names of declarations and of what they hold, by full or short name', () => {
    const rename = {
      'shop.Outer.Inner': 'Part',
      'Outer.Inner.sku_no': 'number',
      'shop.Kind.KIND_A': 'FIRST',
      'Shop.Get': 'find',
      'shop.Shop': 'Store',
    }
    const { diagnostics, files: written } = compileTexts(files, { rename })
    expect(diagnostics).toEqual([])
    const text = written[0]!.text
    for (const part of ['interface Part ', 'number: string', 'FIRST: 0', 'interface StoreClient', 'find(request']) {
      expect(text).toContain(part)
    }
    expect(text).toContain('interface Outer_Inner ')
  })

  test('goes before names that nobody chose', () => {
    const { diagnostics } = compileTexts(files, { rename: { 'shop.Outer_Inner': 'Outer' } })
    expect(diagnostics.map((one) => one.message)).toEqual([
      "'Outer_Inner' and 'Outer' both become 'Outer' in TypeScript; this one is called 'Outer_'",
    ])
  })

  test('is refused for what is nowhere declared, for what is no name, and twice', () => {
    const codes = (rename: Record<string, string>): string[] =>
      compileTexts(files, { rename }).diagnostics.map((one) => one.code)
    expect(codes({ 'shop.Otter': 'Otter' })).toContain('config-unknown-name')
    expect(codes({ Kind: 'class' })).toContain('config-value')
    expect(codes({ Kind: 'Same', Outer: 'Same' })).toContain('generated-name-clash')
  })
})

describe('modules', () => {
  test('stand where their files stand', () => {
    const files = generatedText({
      'a/b/c.thrift': 'struct A {}',
      'd.thrift': 'include "a/b/c.thrift" struct B { 1: c.A a }',
    })
    expect(Object.keys(files).sort()).toEqual(['a/b/c.ts', 'd.ts'])
    expect(files['d.ts']).toContain("from './a/b/c.js'")
  })

  test('of a Thrift and a protobuf file of one name are two', () => {
    const files = generatedText({
      'a.proto': 'syntax = "proto3"; message A {}',
      'a.thrift': 'struct A {}',
      'b.proto': 'syntax = "proto3"; import "a.proto"; message B { A a = 1; }',
    })
    expect(Object.keys(files).sort()).toEqual(['a.ts', 'a_proto.ts', 'b.ts'])
    expect(files['a.ts']).toContain('Generated by volo from a.thrift')
    expect(files['b.ts']).toContain("from './a_proto.js'")
  })

  test('import each other with the extension that is asked for', () => {
    const idl = { 'a.thrift': 'struct A {}', 'b.thrift': 'include "a.thrift" struct B { 1: a.A a }' }
    expect(generatedText(idl, { importExtension: '.ts' })['b.ts']).toContain("from './a.ts'")
    expect(generatedText(idl, { importExtension: '' })['b.ts']).toContain("from './a'")
  })
})
