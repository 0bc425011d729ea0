import { describe, expect, test } from 'vitest'
import type { GenerateOptions } from '../../../src/compiler/generate-options.ts'
import { compileTexts, generatedText } from '../../support/generated.ts'

const idl = {
  'shop.thrift': `
    include "common.thrift"
    struct Cart { 1: common.Money total }
    struct Unused {}
    service Shop extends common.Base { Cart cart() throws (1: common.Failed failed) }
    service Admin { void drop(1: common.Reason reason) }`,
  'stock.thrift': `
    include "common.thrift"
    struct Pile { 1: i32 size }
    struct Spare { 1: common.Odd odd }
    service Stock { Pile pile() }`,
  'common.thrift': `
    enum Currency { EUR }
    struct Money { 1: Currency currency }
    struct Odd {}
    enum Reason { OLD }
    exception Failed {}
    typedef map<string, list<Deep>> Table
    struct Deep { 1: optional Table table }
    struct Tree { 1: Table table }
    const i32 LIMIT = 5
    service Base { void ping() }`,
  'types.thrift': 'struct Alone {} const i32 SIZE = 1',
}

/** What each module exports that people would import, by path. */
function exported(options: GenerateOptions, entries: readonly string[]): Record<string, string[]> {
  const files = generatedText(idl, options, entries)
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path,
      [...text.matchAll(/^export (?:const|class) (\w+)/gm)].map((match) => match[1]!).sort(),
    ]),
  )
}

describe('by default', () => {
  test('an entry file gives everything that it declares, an included one what is reached', () => {
    expect(exported({}, ['shop.thrift'])).toEqual({
      'common.ts': ['Base', 'Currency', 'Failed', 'Money', 'Reason'],
      'shop.ts': ['Admin', 'Cart', 'Shop', 'Unused'],
    })
  })

  test('a file of which nothing is reached has no module, and nobody imports one', () => {
    const files = generatedText({ 'a.thrift': 'include "b.thrift" struct A {}', 'b.thrift': 'struct B {}' }, {}, [
      'a.thrift',
    ])
    expect(Object.keys(files)).toEqual(['a.ts'])
    expect(files['a.ts']).not.toContain('./b')
  })

  test('touch_all gives every declaration of every file', () => {
    const all = exported({ touchAll: true }, ['shop.thrift'])
    expect(all['common.ts']).toEqual(['Base', 'Currency', 'Deep', 'Failed', 'LIMIT', 'Money', 'Odd', 'Reason', 'Tree'])
  })

  test('types lead on through typedefs, containers and themselves', () => {
    const files = { 'shop.thrift': { touch: ['common.Tree'] } }
    expect(exported({ files }, ['shop.thrift'])['common.ts']).toEqual([
      'Base',
      'Currency',
      'Deep',
      'Failed',
      'Money',
      'Reason',
      'Tree',
    ])
  })
})

describe('from services', () => {
  const entries = ['shop.thrift', 'stock.thrift', 'types.thrift']

  test('only what they need is generated, and a file of types stays whole', () => {
    expect(exported({ roots: 'services' }, entries)).toEqual({
      'common.ts': ['Base', 'Currency', 'Failed', 'Money', 'Reason'],
      'shop.ts': ['Admin', 'Cart', 'Shop'],
      'stock.ts': ['Pile', 'Stock'],
      'types.ts': ['Alone', 'SIZE'],
    })
  })

  test('touch adds to its own file and changes nothing else', () => {
    const files = { 'stock.thrift': { touch: ['Spare'] } }
    expect(exported({ roots: 'services', files }, entries)).toEqual({
      'common.ts': ['Base', 'Currency', 'Failed', 'Money', 'Odd', 'Reason'],
      'shop.ts': ['Admin', 'Cart', 'Shop'],
      'stock.ts': ['Pile', 'Spare', 'Stock'],
      'types.ts': ['Alone', 'SIZE'],
    })
  })

  test('touch in a file of types takes these types only', () => {
    const files = { 'types.thrift': { touch: ['SIZE'] } }
    expect(exported({ roots: 'services', files }, entries)['types.ts']).toEqual(['SIZE'])
  })

  test('no_service takes its own file whole, and the services of the others stay', () => {
    const files = { 'stock.thrift': { noService: true } }
    const found = exported({ roots: 'services', files }, entries)
    expect(found['stock.ts']).toEqual(['Pile', 'Spare', 'Stock'])
    expect(found['shop.ts']).toEqual(['Admin', 'Cart', 'Shop'])
  })

  test('those that are named are the only roots', () => {
    expect(exported({ services: ['Admin'] }, entries)).toEqual({
      'common.ts': ['Reason'],
      'shop.ts': ['Admin'],
      'stock.ts': [],
      'types.ts': [],
    })
  })
})

test('names that nothing has are reported with a hint', () => {
  const { diagnostics, files } = compileTexts(
    idl,
    { services: ['Shopp'], files: { 'stock.thrift': { touch: ['Spade'] } } },
    ['shop.thrift', 'stock.thrift'],
  )
  expect(files).toEqual([])
  expect(diagnostics.filter((one) => one.code === 'config-unknown-name')).toMatchObject([
    { message: "'stock.thrift' declares no 'Spade', which 'touch' names", hint: "did you mean 'Spare'?" },
    { message: "no IDL of the entry declares a service 'Shopp'", hint: "did you mean 'Shop'?" },
  ])
})

test('a clash of names among what is not generated is none', () => {
  const files = generatedText(
    {
      'a.proto': 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }',
      'b.proto': 'syntax = "proto3"; message B {} message C { message D {} } message C_D {}',
    },
    {},
    ['a.proto'],
  )
  expect(files['b.ts']).not.toContain('C_D')
})

describe('unknown fields', () => {
  const keeps = (text: string | undefined): boolean => text?.includes('$unknown') ?? false
  const texts = {
    'a.thrift': 'include "shared.thrift" struct A { 1: shared.S s }',
    'b.thrift': 'include "shared.thrift" struct B { 1: shared.S s }',
    'c.thrift': 'struct C {}',
    'shared.thrift': 'include "deep.thrift" struct S { 1: deep.D d }',
    'deep.thrift': 'struct D {}',
  }

  test('are kept in a file that says so and in all that it includes', () => {
    const files = generatedText(texts, { files: { './a.thrift': { keepUnknownFields: true } } }, [
      'a.thrift',
      'b.thrift',
      'c.thrift',
    ])
    expect(Object.keys(files).filter((path) => keeps(files[path]))).toEqual(['deep.ts', 'shared.ts', 'a.ts'])
  })

  test('are kept everywhere when the entry says so', () => {
    const files = generatedText(texts, { keepUnknownFields: true })
    expect(Object.values(files).every(keeps)).toBe(true)
  })
})

test('a nested type brings the message that holds it, whose place it needs in descriptions', () => {
  const files = generatedText(
    {
      'a.proto': 'syntax = "proto3"; import "b.proto"; message A { b.Outer.Inner inner = 1; }',
      'b.proto': 'syntax = "proto3"; package b; message Outer { message Inner {} } message Other {}',
    },
    {},
    ['a.proto'],
  )
  expect(files['b.ts']).toContain('export const Outer_Inner')
  expect(files['b.ts']).toContain('export const Outer:')
  expect(files['b.ts']).not.toContain('Other')
})

test('a description leads to types that come through an import without a module', () => {
  const files = generatedText(
    {
      'a.proto': 'syntax = "proto3"; import "b.proto"; message A { C c = 1; }',
      'b.proto': 'syntax = "proto3"; import public "c.proto";',
      'c.proto': 'syntax = "proto3"; message C {}',
    },
    {},
    ['a.proto'],
  )
  expect(Object.keys(files).sort()).toEqual(['a.ts', 'c.ts'])
  expect(files['a.ts']).toContain("import { $file as $file1, C, type CInput } from './c.js'")
})
