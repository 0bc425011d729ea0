import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { check, compile, hasErrors } from '../../src/compiler/compile.ts'
import { memoryHost } from '../../src/compiler/host.ts'

const money =
  'namespace * shop\nstruct Money { 1: required i64 amount }\nenum Currency { EUR = 978 }\nconst i32 LIMIT = 5\nservice Base { void ping() }\n'

function diagnose(files: Record<string, string>, entries: string[] = ['a.thrift']): string[] {
  return check({ entries, host: memoryHost(files) }).diagnostics.map((d) => `${d.code}: ${d.message}`)
}

describe('compile', () => {
  it('gives one module per IDL file that the entries reach', () => {
    const { files, diagnostics, sources } = compile({
      entries: ['idl/a.thrift'],
      host: memoryHost({
        'idl/a.thrift': 'include "common/money.thrift"\nstruct A { 1: money.Money price = {"amount": 5} }',
        'idl/common/money.thrift': money,
      }),
    })
    expect(diagnostics).toEqual([])
    expect(files.map((file) => file.path)).toEqual(['common/money.ts', 'a.ts'])
    expect(sources.map((each) => [each.source.logicalPath, each.entry])).toEqual([
      ['common/money.thrift', false],
      ['a.thrift', true],
    ])
  })

  it('gives no files when there is an error, and files beside warnings', () => {
    const broken = compile({
      entries: ['a.thrift'],
      host: memoryHost({ 'a.thrift': 'struct A { 1: B b }\nstruct C {}' }),
    })
    expect([hasErrors(broken.diagnostics), broken.files]).toEqual([true, []])
    const warned = compile({ entries: ['a.thrift'], host: memoryHost({ 'a.thrift': 'struct A { i32 b }' }) })
    expect(warned.diagnostics.map((d) => d.severity)).toEqual(['warning'])
    expect(warned.files).toHaveLength(1)
  })

  it('gives the same text for the same input', () => {
    const input = {
      entries: ['/home/me/a.thrift'],
      host: memoryHost({
        '/home/me/a.thrift': readFileSync(
          new URL('../../examples/shop/idl/common/money.thrift', import.meta.url),
          'utf8',
        ),
      }),
    }
    const texts = [compile(input), compile(input)].map((result) => result.files.map((file) => file.text))
    expect(texts[0]).toEqual(texts[1])
    expect(texts[0]!.join()).not.toContain('/home/me')
  })

  it('needs no file system: entries of both IDLs from a map', () => {
    const { files, diagnostics } = compile({
      entries: ['a.thrift', 'v1/b.proto'],
      host: memoryHost({
        'a.thrift': 'struct A {}',
        'v1/b.proto':
          'syntax = "proto3";\npackage v1;\nimport "google/protobuf/timestamp.proto";\nmessage B { google.protobuf.Timestamp at = 1; }',
      }),
    })
    expect(diagnostics).toEqual([])
    expect(files.map((file) => file.path)).toEqual(['a.ts', 'v1/b.ts'])
  })
})

describe('check', () => {
  it('gives diagnostics in the order of places, several per run and file', () => {
    expect(
      diagnose({
        'a.thrift': 'include "b.thrift"\nstruct A { 1: X x, 1: b.Y y, 2: b.B z }',
        'b.thrift': 'struct B { 1: Z z }',
      }),
    ).toEqual([
      "unknown-type: there is no type 'Z'",
      "unknown-type: there is no type 'X'",
      "unknown-type: there is no type 'b.Y'",
      "duplicate-field-id: 'y' has the id of 'x', 1",
    ])
  })

  it('leaves names alone in a program that could not be parsed', () => {
    expect(diagnose({ 'a.thrift': 'strukt A {}\nstruct B { 1: A a }' })).toEqual([
      "syntax: expected a declaration, found 'strukt'",
    ])
  })

  it('says nothing twice of a file that could not be included', () => {
    expect(
      diagnose({
        'a.thrift': 'include "no.thrift"\nstruct A { 1: no.B b = no.C, 2: no.D d } service S extends no.T {}',
      }),
    ).toEqual(["file-not-found: cannot find 'no.thrift' in ."])
  })
})

describe('names in Thrift', () => {
  it('mean what the file declares, in any order, or what an included file does behind its stem', () => {
    expect(
      diagnose({
        'a.thrift': `include "money.thrift"
          struct A { 1: B b, 2: money.Money m, 3: list<map<T, money.Currency>> l }
          struct B { 1: optional A a }
          typedef i32 T
          service S extends money.Base { money.Money f(1: A a) }`,
        'money.thrift': money,
      }),
    ).toEqual([])
  })

  it('find files whose names have dots, and prefer own enums to includes', () => {
    expect(
      diagnose({
        'a.thrift':
          'include "my.money.thrift"\nstruct A { 1: my.money.Money m, 2: i32 l = my.money.LIMIT, 3: my.money.Currency c = my.money.Currency.EUR }',
        'my.money.thrift': money,
      }),
    ).toEqual([])
  })

  it('are not passed on by an included file', () => {
    expect(
      diagnose({
        'a.thrift': 'include "b.thrift"\nstruct A { 1: b.B b, 2: money.Money m }',
        'b.thrift': 'include "money.thrift"\nstruct B { 1: money.Money m }',
        'money.thrift': money,
      }),
    ).toEqual(["unknown-type: there is no type 'money.Money'"])
  })
})

describe('values in Thrift', () => {
  it('fit their types in every legal form', () => {
    expect(
      diagnose({
        'a.thrift': `include "money.thrift"
          enum E { A = 1, B = 2 }
          typedef E Alias
          typedef map<string, list<i32>> Table
          const bool T = 1
          const bool F = false
          const byte B1 = -128
          const i64 BIG = -9223372036854775808
          const double D1 = 1
          const double D2 = 1.5
          const double D3 = BIG
          const string S = 'x'
          const binary BIN = "bytes"
          const uuid U = "00112233-4455-6677-8899-aabbccddeeff"
          const E E1 = E.A
          const E E2 = 2
          const E E3 = A
          const Alias E4 = Alias.B
          const i32 N = E.B
          const i32 L = money.LIMIT
          const i32 L2 = L
          const money.Currency C = money.Currency.EUR
          const money.Currency C2 = money.EUR
          const money.Money M = {"amount": 1}
          const list<i32> L3 = [1, 2, L]
          const list<i32> L4 = L3
          const set<E> S2 = [E.A, B]
          const Table TABLE = {"a": [1], "b": []}
          const list<i32> NONE = {}
          const map<i32, i32> NONE2 = []
          const map<E, money.Money> DEEP = {E.A: {"amount": 5}, B: M}
          struct Holder { 1: E e = E.A, 2: list<money.Money> l = [{"amount": 1}, M], 3: bool b = T }
          union Un { 1: i32 a, 2: string b }
          const Un UN = {"b": "x"}`,
        'money.thrift': money,
      }),
    ).toEqual([])
  })

  it('are linked to what they mean', () => {
    const { program } = check({
      entries: ['a.thrift'],
      host: memoryHost({ 'a.thrift': 'enum E { A = 1 }\nconst E X = E.A\nconst E Y = X' }),
    })
    const [e, x, y] = program.entries[0]!.declarations
    expect(x?.kind === 'const' && x.value).toMatchObject({ kind: 'name', enumValue: { name: 'A', number: 1 } })
    expect(x?.kind === 'const' && x.value.kind === 'name' && x.value.reference.target).toBe(e)
    expect(y?.kind === 'const' && y.value.kind === 'name' && y.value.reference.target).toBe(x)
  })
})

describe('names in protobuf', () => {
  const scopes = {
    'a.proto': `syntax = "proto3";
      package p.q;
      import "b.proto";
      message Outer {
        message Inner { Deep d = 1; Inner i = 2; Outer.Inner j = 3; p.q.Outer k = 4; .p.q.Outer l = 5; q.Outer m = 6; }
        message Deep {}
        Inner a = 1;
        Other b = 2;
        r.R c = 3;
        .p.r.R d = 4;
        Hidden e = 5;
      }`,
    'b.proto':
      'syntax = "proto3";\npackage p.q;\nimport public "c.proto";\nimport "d.proto";\nmessage Other { Hidden h = 1; }',
    'c.proto': 'syntax = "proto3";\npackage p.r;\nmessage R {}',
    'd.proto': 'syntax = "proto3";\npackage p.q;\nmessage Hidden {}',
  }

  it('are searched inside out, in imports and what those import publicly', () => {
    expect(diagnose(scopes, ['a.proto'])).toEqual([
      "not-imported: 'p.q.Hidden' is declared in 'd.proto', which is not imported",
    ])
  })

  it('mark imports as used, also through public imports', () => {
    expect(
      diagnose(
        {
          'a.proto': 'syntax = "proto3";\nimport "b.proto";\nimport "d.proto";\nmessage A { p.r.R r = 1; }',
          'b.proto': 'syntax = "proto3";\nimport public "c.proto";',
          'c.proto': scopes['c.proto'],
          'd.proto': scopes['d.proto'],
        },
        ['a.proto'],
      ),
    ).toEqual(["unused-import: nothing of 'd.proto' is used"])
  })
})

describe('values that unfold', () => {
  const codes = (text: string): string[] =>
    compile({ entries: ['a.thrift'], host: memoryHost({ 'a.thrift': text }) }).diagnostics.map(({ code }) => code)

  it('through constants or defaults, twice at each of forty levels, are refused at once', () => {
    const levels = Array.from({ length: 40 }, (_, i) => i + 1)
    const lists = levels.map(
      (i) => `const ${'list<'.repeat(i)}i32${'>'.repeat(i)} C${i} = [${i === 1 ? '1, 2' : `C${i - 1}, C${i - 1}`}]`,
    )
    expect(codes(lists.join('\n'))).toEqual(['huge-value'])
    const structs = levels.map((i) => `struct S${i} { 1: S${i - 1} a = {}, 2: S${i - 1} b = {} }`)
    expect(codes(`struct S0 { 1: i32 a = 1 }\n${structs.join('\n')}\nconst S40 X = {}`)).toEqual(['huge-value'])
  })

  it('in a long chain are refused, not walked', () => {
    const chain = Array.from({ length: 3_000 }, (_, i) => `const A C${i + 1} = {"a": [C${i}]}`)
    expect(codes(`struct A { 1: list<A> a }\nconst A C0 = {}\n${chain.join('\n')}`)).toEqual(['nested-too-deep'])
  })

  it('a little are fine', () => {
    expect(
      codes('const list<i32> A = [1, 2]\nconst list<list<i32>> B = [A, A]\nconst map<i32, list<i32>> C = {1: A}'),
    ).toEqual([])
  })
})
