import { describe, expect, it } from 'vitest'
import { compileTexts, generated, generatedText } from '../../support/generated.ts'

describe('a carriage return without a line feed', () => {
  it.each([
    ['a.proto', 'syntax = "proto3"; package p;\n// c\rmessage Hidden { string a = 1; }\nmessage A { string a = 1; }'],
    ['a.thrift', '// c\rstruct Hidden { 1: i32 a }\n# c\rstruct Hidden2 { 1: i32 a }\r\nstruct A {}'],
  ])('does not end a comment of %s: protoc and Apache read on to the line feed', (path, text) => {
    const { files, diagnostics } = compileTexts({ [path]: text })
    expect(diagnostics).toEqual([])
    expect(files[0]?.text).toContain('export interface A ')
    expect(files[0]?.text).not.toContain('interface Hidden')
  })

  it('before a line feed is no part of the comment', () => {
    const [text] = Object.values(generatedText({ 'a.thrift': '/// one\r\n/// two\r\nstruct A {}\r\n' }))
    expect(text).toContain('/**\n * one\n * two\n */\nexport interface A {}')
  })
})

describe('a character that turns the direction of text', () => {
  it('is warned of once in a file, and escaped in generated code, where it means the same', async () => {
    const files = {
      'a.thrift': '// \u202e\u2066 odd\nconst string A = "x\u202ey\\\\\u2069"\nstruct S { 1: string s = "\u202e" }',
    }
    const { diagnostics } = compileTexts(files)
    expect(diagnostics.map(({ code, severity, message }) => [code, severity, message])).toEqual([
      ['bidi-control', 'warning', 'U+202E changes the direction in which text is shown, and 4 more like it'],
    ])
    const [text] = Object.values(generatedText(files))
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
    const { A, S } = await generated(files)
    expect([A, S.create().s, S.schema.fields[0].default]).toEqual(['x\u202ey\\\u2069', '\u202e', '\u202e'])
  })

  it('but a plain mark of direction is fine', () => {
    expect(compileTexts({ 'a.thrift': '// \u200e\u200f\u061c\nstruct A {}' }).diagnostics).toEqual([])
  })
})
