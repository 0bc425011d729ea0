import { describe, expect, it } from 'vitest'
import { parseText } from './parse-text.ts'

function outline(text: string): { names: string[]; said: readonly string[] } {
  const { file, said } = parseText(text)
  const names = file.declarations.map((d) => {
    if (d.kind === 'message') return `${d.name}(${d.fields.map((f) => f.name).join(' ')})`
    if (d.kind === 'enum') return `${d.name}(${d.values.map((v) => v.name).join(' ')})`
    if (d.kind === 'service') return `${d.name}(${d.methods.map((m) => m.name).join(' ')})`
    return d.name
  })
  return { names, said }
}

describe('recovery', () => {
  it('goes on with the next field', () => {
    expect(
      outline('struct A {\n 1: i32,\n 2: i32 b\n 3 i32 c\n 4: i32 d = ]\n 5: list<> e\n 6: i32 f\n}\nstruct B {}'),
    ).toEqual({
      names: ['A(b f)', 'B()'],
      said: [
        "2:8 expected a name for the field, found ','",
        "4:4 expected ':' after the field id, found 'i32'",
        "5:13 expected a value, found ']'",
        "6:10 expected a type, found '>'",
      ],
    })
  })

  it('goes on with the next enum value and method', () => {
    expect(
      outline(
        'enum E {\n A = x,\n B\n = 3\n C = 4\n}\nservice S {\n void (1: i32 a)\n i32 ok()\n void bad(1: i32)\n void good()\n}',
      ),
    ).toEqual({
      names: ['E(B C)', 'S(ok bad good)'],
      said: [
        "2:6 expected an integer after '=', found 'x'",
        "8:7 expected a name for the function, found '('",
        "10:17 expected a name for the field, found ')'",
      ],
    })
  })

  it('goes on with the next declaration when a body is never closed', () => {
    expect(outline('struct A {\n 1: i32 a\n\nenum B {\n X\n\nservice C {\n void f(\n\nstruct D {}')).toEqual({
      names: ['A(a)', 'B(X)', 'C(f)', 'D()'],
      said: [
        '1:10 this struct is never closed',
        '4:8 this enum is never closed',
        '8:8 this argument list is never closed',
      ],
    })
  })

  it('tells a list of arguments that is never closed from the next function', () => {
    expect(outline('service S {\n void a(1: i32 x\n void b(),\n void c(1: i32 y\n}\nstruct A {}')).toEqual({
      names: ['S(a b c)', 'A()'],
      said: ['2:8 this argument list is never closed', "4:17 expected a field or ')', found '}'"],
    })
  })

  it('finds the nearest word for a misspelt declaration', () => {
    const { diagnostics } = parseText('exeption A {}\nstruct B {}')
    expect(diagnostics.map((d) => [d.message, d.hint])).toEqual([
      ["expected a declaration, found 'exeption'", "did you mean 'exception'?"],
    ])
  })

  it('says one thing about one place, and stops talking about a file that is no Thrift', () => {
    expect(outline('}}}}').said).toEqual(["1:1 expected a declaration, found '}'"])
    expect(parseText('struct A { 1: = }\n'.repeat(500)).diagnostics).toHaveLength(100)
  })

  it.each([
    ['types', `struct A { 1: ${'list<'.repeat(100_000)}`],
    ['closed types', `struct A { 1: ${'list<'.repeat(5_000)}i32${'>'.repeat(5_000)} a }`],
    ['lists', `const i32 A = ${'['.repeat(100_000)}`],
    ['maps', `const i32 A = ${'{1:'.repeat(100_000)}`],
    ['bodies', `struct A {${'1: i32 a xsd_attrs {'.repeat(100_000)}`],
    ['brackets', '('.repeat(100_000)],
    ['annotations', `struct A {} (${'a = '.repeat(100_000)}`],
    ['digits', `const i64 A = ${'9'.repeat(1_000_000)}`],
    ['comments', '/*'.repeat(100_000)],
    ['quotes', `const string A = "${'\\'.repeat(100_001)}`],
    ['stars', `/**${' *\n'.repeat(100_000)}*/ struct A {}`],
    ['a long name', `struct ${'a.'.repeat(100_000)}b {}`],
    ['declarations', 'struct A {'.repeat(20_000)],
    ['lines', 'struct A {\n'.repeat(20_000)],
  ])('takes any number of %s', (_, text) => {
    expect(() => parseText(text)).not.toThrow()
  })
})
