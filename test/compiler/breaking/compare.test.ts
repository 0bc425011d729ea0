import { describe, expect, it } from 'vitest'
import { compareVersions } from '../../../src/compiler/breaking/compare/compare.ts'
import { applyIgnores, onlyWanted } from '../../../src/compiler/breaking/ignore.ts'
import { check } from '../../../src/compiler/compile.ts'
import { memoryHost } from '../../../src/compiler/host.ts'
import type { IrProgram } from '../../../src/compiler/ir/ir.ts'

function programOf(
  files: Readonly<Record<string, string>>,
  entries: readonly string[] = Object.keys(files),
): IrProgram {
  const { program, diagnostics } = check({ entries, host: memoryHost(files) })
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return program
}

function compare(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) {
  return compareVersions(programOf(before), programOf(after))
}

/** Rule and subject of every change. */
function found(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  return compare(before, after).changes.map(({ rule, subject }) => `${rule} ${subject}`)
}

const proto = 'syntax = "proto3";\npackage p;\n'

describe('compareVersions', () => {
  it('lists declarations that changed, with what breaks and what does not, and no others', () => {
    const { declarations } = compare(
      { 'a.thrift': 'struct A { 1: i32 x }\nstruct B {}\nenum E { X }\nservice S { void f() }\nstruct Gone {}' },
      {
        'a.thrift':
          'struct A { 1: i64 x, 2: string y }\nstruct B {}\nenum E { X, Y }\nservice S { void f(), void g() }\nunion New { 1: i32 a }',
      },
    )
    expect(
      declarations.map(({ name, what, status, breaks, compatible }) => [name, what, status, breaks, ...compatible]),
    ).toEqual([
      ['a.A', 'struct', 'changed', 'wire', "field 'y' is new"],
      ['a.E', 'enum', 'changed', undefined, "value 'Y' is new"],
      ['a.S', 'service', 'changed', undefined, "method 'g' is new"],
      ['a.Gone', 'struct', 'removed', 'source'],
      ['a.New', 'union', 'added', undefined],
    ])
  })

  it('follows messages of another name through recursion, and finds the difference at the far end', () => {
    const old = `${proto}message A { B b = 1; A again = 2; }\nmessage B { A a = 1; C c = 2; }\nmessage C { int32 x = 1; }\nmessage Use { A a = 1; }`
    const same = `${proto}message A2 { B2 b = 1; A2 again = 2; }\nmessage B2 { A2 a = 1; C2 c = 2; }\nmessage C2 { int32 x = 1; }\nmessage Use { A2 a = 1; }`
    const removed = ['message-removed p.A', 'message-removed p.B', 'message-removed p.C']
    expect(found({ 'a.proto': old }, { 'a.proto': same })).toEqual([...removed, 'field-type-changed p.Use.a'])
    expect(found({ 'a.proto': old }, { 'a.proto': same.replace('int32 x', 'sint32 x') })).toEqual([
      ...removed,
      'field-wire-type-changed p.Use.a',
    ])
    expect(found({ 'a.proto': old }, { 'a.proto': same.replace('int32 x', 'int64 x') })).toEqual([
      ...removed,
      'field-json-type-changed p.Use.a',
    ])
  })

  it('sees through typedefs, whatever they are called', () => {
    expect(
      found(
        { 'a.thrift': 'typedef i64 Id\nstruct A { 1: Id x, 2: list<Id> y }' },
        { 'a.thrift': 'typedef i64 Id\ntypedef Id Key\nstruct A { 1: i64 x, 2: list<Key> y }' },
      ),
    ).toEqual([])
  })

  it('pairs files whose root has moved, and says nothing of files that were only included', () => {
    const before = programOf(
      {
        'old/x/a.thrift': 'include "b.thrift"\nstruct A { 1: b.B b }',
        'old/x/b.thrift': 'struct B {}\nstruct Unused {}',
      },
      ['old/x/a.thrift'],
    )
    const after = programOf({ 'new/a.thrift': 'struct A { 1: B b }\nstruct B {}' })
    expect(compareVersions(before, after).changes).toEqual([])
  })

  it('compares what a new package holds all the same', () => {
    const text = `${proto}message A { int32 x = 1; }`
    expect(
      found({ 'a.proto': text }, { 'a.proto': text.replace('package p', 'package q').replace('int32', 'string') }),
    ).toEqual(['package-changed a.proto', 'field-wire-type-changed p.A.x'])
  })

  it('compares thousands of declarations in a blink', () => {
    const many = (type: string): string =>
      Array.from({ length: 3000 }, (_, i) => `struct S${i} { 1: ${type} x, 2: optional S${(i * 7) % 3000} next }`).join(
        '\n',
      )
    const { changes } = compare({ 'a.thrift': many('i32') }, { 'a.thrift': many('i64') })
    expect(changes).toHaveLength(3000)
  })
})

describe('ignores', () => {
  const comparison = compare(
    { 'x/a.thrift': 'struct A { 1: i32 x, 2: i32 y }\nstruct B { 1: i32 x }' },
    { 'x/a.thrift': 'struct A { 1: i64 x }\nstruct B { 1: i64 x }' },
  )
  const left = (ignore: { rule?: string; subject?: string; path?: string }): string[] =>
    applyIgnores(comparison, [{ rule: 'field-wire-type-changed', reason: 'x', ...ignore }]).comparison.changes.map(
      ({ subject }) => subject,
    )

  it('take away the changes of a rule, of a subject, of a file', () => {
    expect(left({})).toEqual(['a.A.y'])
    expect(left({ subject: 'a.B.x' })).toEqual(['a.A.x', 'a.A.y'])
    expect(left({ subject: 'a.*.x' })).toEqual(['a.A.y'])
    expect(left({ subject: 'a.*' })).toEqual(['a.A.x', 'a.A.y', 'a.B.x'])
    expect(left({ subject: 'a.**' })).toEqual(['a.A.y'])
    expect(left({ subject: 'a+A.x' })).toHaveLength(3)
    expect(left({ path: 'x/a.thrift' })).toEqual(['a.A.y'])
    expect(left({ path: '*/a.thrift' })).toEqual(['a.A.y'])
    expect(left({ path: 'y/**' })).toHaveLength(3)
  })

  it('are counted, and what they leave breaks less', () => {
    const ignore = (rule: string) => ({ rule, reason: 'x' })
    const { used, comparison: rest } = applyIgnores(comparison, [
      ignore('field-wire-type-changed'),
      ignore('enum-removed'),
    ])
    expect(used).toEqual([2, 0])
    expect(rest.declarations.map(({ name, breaks }) => [name, breaks])).toEqual([
      ['a.A', 'source'],
      ['a.B', undefined],
    ])
    expect(onlyWanted(comparison, 'json').changes.map(({ subject }) => subject)).toEqual(['a.A.x', 'a.B.x'])
  })
})
