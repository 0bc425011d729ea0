/** The rows of src/compiler/idl/thrift/dialects.md that are about what a program means; the others are held by parser.test.ts and test/diagnostics. */

import { describe, expect, it } from 'vitest'
import { check } from '../../../../src/compiler/compile.ts'
import { memoryHost } from '../../../../src/compiler/host.ts'
import type { IrFile } from '../../../../src/compiler/ir/ir.ts'

function read(text: string, more: Record<string, string> = {}): { file: IrFile; codes: string[] } {
  const { program, diagnostics } = check({ entries: ['a.thrift'], host: memoryHost({ 'a.thrift': text, ...more }) })
  return { file: program.entries[0]!, codes: diagnostics.map((d) => d.code) }
}

describe('dialects', () => {
  it.each([
    ['struct A { i32 a }', ['missing-field-id']],
    ['struct A { 0: i32 a, -1: i32 b }', ['odd-field-id', 'odd-field-id']],
    ['struct A { 32768: i32 a }', ['number-range']],
    ['union U { 1: required i32 a }', ['union-required']],
    ['struct A { 1: required A a }', ['infinite-message']],
    ['enum E { A = 1, B = 1 }', ['repeated-enum-number']],
    ['enum E { A = 1 }\nconst E X = 5', ['unknown-enum-number']],
    ['enum E { A = 1 }\nconst E X = A', []],
    ['enum E { A = 1 }\nenum F { B = 1 }\nconst E X = F.A', ['misnamed-enum-value']],
    ['const list<i32> A = {}\nconst map<i32, i32> B = []\nconst set<string> C = {}', []],
    ['const bool A = 1\nconst bool B = 0', []],
    ['struct A { 1: required i32 a }\nconst A X = {}', ['missing-field']],
    ['struct A { 1: required B b }\nstruct B { 1: required C c }\nstruct C {}\nconst A X = {}', ['bad-value']],
    ['const list<i32> A = [1, 2]\nconst set<i64> B = A\nconst list<double> C = A', []],
    ['const list<i32> A = [1000]\nconst list<i8> B = A', ['bad-value']],
    ['const set<i32> A = [1, 1]', ['repeated-key']],
    ['exception E {}\nstruct A { 1: set<E> a }', ['bad-key']],
    ['service S { async void f() }', []],
    ['struct A {};;\nstruct B { 1: A & a (x) = }', ['syntax']],
  ])('read %j with %j', (text, codes) => {
    expect(read(text).codes).toEqual(codes)
  })

  it('read requiredness of arguments as that of fields', () => {
    const { file } = read('service S { void f(1: required i32 a, 2: optional i32 b, 3: i32 c) }')
    const [service] = file.declarations
    expect(service?.kind === 'service' && service.methods[0]!.args.map((arg) => arg.presence)).toEqual([
      'required',
      'optional',
      'default',
    ])
  })

  it('read fields of unions as optional, whatever they say', () => {
    const { file } = read('union U { 1: required i32 a, 2: optional i32 b, 3: i32 c }')
    const [union] = file.declarations
    expect(union?.kind === 'message' && union.fields.map((field) => field.presence)).toEqual([
      'optional',
      'optional',
      'optional',
    ])
  })

  it('find an enum value by its include alone', () => {
    const more = { 'b.thrift': 'enum E { A = 1 }' }
    const { file, codes } = read('include "b.thrift"\nstruct S { 1: b.E e = b.A }', more)
    expect(codes).toEqual([])
    const [struct] = file.declarations
    expect(struct?.kind === 'message' && struct.fields[0]!.default).toMatchObject({ enumValue: { name: 'A' } })
  })
})
