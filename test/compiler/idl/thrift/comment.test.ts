import { describe, expect, it } from 'vitest'
import type { IrDeclaration } from '../../../../src/compiler/ir/ir.ts'
import { parseText } from './parse-text.ts'

/** The documentation of every node by its path: `A`, `A.field`, `S.method`, `S.method.arg`. */
function docs(text: string): Record<string, string> {
  const { file, said } = parseText(text)
  expect(said).toEqual([])
  const out: Record<string, string> = {}
  const add = (path: string, doc: string | undefined): void => {
    if (doc !== undefined) out[path] = doc
  }
  add('file', file.doc)
  for (const declaration of file.declarations) {
    add(declaration.name, declaration.doc)
    for (const member of membersOf(declaration)) {
      add(`${declaration.name}.${member.name}`, member.doc)
      for (const arg of 'args' in member ? member.args : [])
        add(`${declaration.name}.${member.name}.${arg.name}`, arg.doc)
    }
  }
  return out
}

function membersOf(declaration: IrDeclaration) {
  if (declaration.kind === 'message') return declaration.fields
  if (declaration.kind === 'enum') return declaration.values
  return declaration.kind === 'service' ? declaration.methods : []
}

describe('documentation', () => {
  it('is attached to what it leads, whatever its kind', () => {
    expect(
      docs(`
        /** About A. */
        struct A {
          // about a
          1: i32 a,
          # about b
          2: i32 b
          /* about c
           * and more */
          3: i32 c
          4: i32 d
        }
        /// About E
        enum E {
          /** X! */
          X = 1,
        }
        # T
        typedef i32 T
        // C
        const i32 C = 1
      `),
    ).toEqual({
      A: 'About A.',
      'A.a': 'about a',
      'A.b': 'about b',
      'A.c': 'about c\nand more',
      E: 'About E',
      'E.X': 'X!',
      T: 'T',
      C: 'C',
    })
  })

  it('is attached to what it trails, before and behind the separator', () => {
    expect(
      docs(`struct A { // about A
          1: i32 a, // about a
          2: i32 b /* about b */,
          3: i32 c; # about c
                    # and more
          4: i32 d // about d
        } // end of A
        typedef i32 T // about T
        const i32 C = 1; // about C
        service S {
          void f(1: i32 x, // about x
                 2: i32 y) // about f
          void g() throws (), // about g
        }`),
    ).toEqual({
      A: 'about A',
      'A.a': 'about a',
      'A.b': 'about b',
      'A.c': 'about c\nand more',
      'A.d': 'about d',
      T: 'about T',
      C: 'about C',
      'S.f.x': 'about x',
      'S.f': 'about f',
      'S.g': 'about g',
    })
  })

  it('joins a leading and a trailing comment', () => {
    expect(docs('struct A {\n  // before\n  1: i32 a // behind\n}')).toEqual({ 'A.a': 'before\n\nbehind' })
  })

  it('of the file is what heads it, apart from the first declaration', () => {
    expect(docs('// licence\n\n/** About the file. */\n\n/** About A. */\nstruct A {}')).toEqual({
      file: 'About the file.',
      A: 'About A.',
    })
    expect(docs('/** About the file. */\nnamespace * a\nstruct A {}')).toEqual({ file: 'About the file.' })
    expect(docs('/** About A. */\nstruct A {}')).toEqual({ A: 'About A.' })
  })

  it('leaves out comments that blank lines part from everything', () => {
    expect(docs('struct A {\n  1: i32 a\n\n  // lost\n\n  2: i32 b\n}')).toEqual({})
  })

  it('may stand between any two tokens without being read as anything else', () => {
    const tokens =
      'struct A ( ) ; struct B { 1 : required list < i32 > a = [ 1 , 2 ] ( k = "v" ) , } service S extends T { oneway void f ( 1 : i32 a ) throws ( ) }'
    const plain = parseText(
      'struct A {} ; struct B { 1: required list<i32> a = [1, 2] (k = "v"), } service S extends T { oneway void f(1: i32 a) throws () }',
    )
    const noisy = parseText(tokens.replace('A ( ) ;', 'A { } ;').split(' ').join(' /* c */ // d\n # e\n '))
    expect(noisy.said).toEqual(plain.said)
    expect(noisy.file.declarations.map((d) => d.name)).toEqual(['A', 'B', 'S'])
  })

  it('marks as deprecated what says so', () => {
    const { file } = parseText('/** Old.\n * @deprecated use B */\nstruct A {}\nstruct B { 1: i32 a (deprecated) }')
    expect(file.declarations[0]!.deprecated).toBe('use B')
  })

  it('keeps every comment in the tree', () => {
    const { document } = parseText('// a\nstruct A { /* b */ 1: i32 x # c\n}\n// d')
    expect(document.tokens.comments.map((c) => document.source.text.slice(c.start, c.end))).toEqual([
      '// a',
      '/* b */',
      '# c',
      '// d',
    ])
  })
})
