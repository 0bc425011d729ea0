import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compiler/compile.ts'
import { idlBombs } from './idl-bomb.ts'

// What each may take in the campaign (`npm run fuzz`), where it is ten times as large; elsewhere it must only end.
const isLong = process.env['FUZZ_COUNT'] !== undefined
const budgetMs = 30_000
const size = isLong ? 10_000 : 1_000

describe('an IDL that could cost much', () => {
  it.each(idlBombs(size))(
    '%s is compiled or refused in a time that its text explains',
    { timeout: 60_000 },
    (_, path, text) => {
      const host = {
        read: (file: string) => (file === path ? text : /^i\d+\.thrift$/.test(file) ? 'struct X {}' : undefined),
      }
      const start = performance.now()
      const { diagnostics, files } = compile({ entries: [path], host })
      if (isLong) expect(performance.now() - start).toBeLessThan(budgetMs)
      const isRefused = diagnostics.some(({ severity }) => severity === 'error')
      expect(files.length > 0).toBe(!isRefused)
      expect(files.reduce((sum, file) => sum + file.text.length, 0)).toBeLessThan(3_000 * text.length + 100_000)
    },
  )
})

describe('a chain of names', () => {
  it('of twenty thousand typedefs or constants leads to what stands at its end', () => {
    const chain = (line: (i: number) => string): string => Array.from({ length: 20_000 }, (_, i) => line(i)).join('\n')
    const text = `${chain((i) => `typedef T${i + 1} T${i}`)}\ntypedef i64 T20000
      ${chain((i) => `const i32 C${i} = C${i + 1}`)}\nconst i32 C20000 = 7
      struct S { 1: T0 a = C0 }\nstruct W { 1: T0 a = "no" }`
    const { diagnostics } = compile({ entries: ['a.thrift'], host: { read: () => text } })
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([['bad-value', 'a string does not fit T0']])
  })
})
