/** Thrift constants as they come out: bytes of escapes, keys that are given twice. */

import { describe, expect, it } from 'vitest'
import { interpretedThrift } from '../../../src/runtime/thrift/protocol/interpreting-codec.ts'
import { compileTexts, generated } from '../../support/generated.ts'

describe('escapes of a Thrift literal', () => {
  it('give bytes, as in C: one each in binary constants, UTF-8 in text', async () => {
    const idl = String.raw`
      const binary RAW = "\xff\x00\377a\u00ff"
      const string TEXT = "\xc3\xa9\303\251 \u00e9 \x41"
      const string BROKEN = "\xff"
      struct A { 1: binary b = "\xff\x00", 2: string s = "\xe2\x82\xac" }`
    const { RAW, TEXT, BROKEN, A, $file } = await generated({ 'a.thrift': idl })
    expect([...RAW]).toEqual([0xff, 0, 0xff, 0x61, 0xc3, 0xbf])
    expect(TEXT).toBe('éé é A')
    expect(BROKEN).toBe('\ufffd')
    for (const type of [A, interpretedThrift($file, 'a.A')]) {
      expect(type.create()).toEqual({ b: Uint8Array.of(0xff, 0), s: '€' })
    }
  })
})

describe('a key that a constant gives twice', () => {
  it('is printed once with its last value, and warned of', async () => {
    const idl = `
      enum E { A = 1, B = 2 }
      struct P { 1: i32 x }
      const string K = "a"
      const map<string, i32> M = {"a": 1, "b": 2, K: 3}
      const map<i32, string> N = {1: "one", E.A: "uno"}
      const map<P, i32> Q = {{"x": 1}: 1, {"x": 1}: 2}
      const set<i32> S = [1, 2, 1]
      struct D { 1: map<string, i32> m = {"a": 1, "a": 2}, 2: map<P, i32> q = {{"x": 1}: 1, {"x": 1}: 2} }`
    const { M, N, Q, S, D, $file } = await generated({ 'a.thrift': idl })
    expect(Object.entries(M)).toEqual([['a', 3], ['b', 2]]) // biome-ignore format: pairs
    expect(N).toEqual(new Map([[1, 'uno']]))
    expect(Q).toEqual([[{ x: 1 }, 2]])
    expect(S).toEqual(new Set([1, 2]))
    for (const type of [D, interpretedThrift($file, 'a.D')]) {
      const { m, q } = type.create() as { m: object; q: unknown }
      expect([Object.entries(m), q]).toEqual([[['a', 2]], [[{ x: 1 }, 2]]])
    }
    const { diagnostics, files } = compileTexts({ 'a.thrift': idl })
    expect(diagnostics.map(({ code, span }) => [code, span?.source.text.slice(span.start, span.end)])).toEqual([
      ['repeated-key', 'K'],
      ['repeated-key', 'E.A'],
      ['repeated-key', '1'],
      ['repeated-key', '"a"'],
    ])
    expect(files[0]?.text).not.toMatch(/a: 1, a: 2/)
  })
})
