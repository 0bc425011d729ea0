import { describe, expect, it } from 'vitest'
import { type Diagnostic, reportInto, type SourceFile, type Span } from '../../../src/compiler/diagnostic.ts'
import { diagnosticToJson, renderDiagnostic } from '../../../src/compiler/text/render-diagnostic.ts'

function file(text: string, path = 'a.thrift'): SourceFile {
  return { path, logicalPath: path, text }
}

function at(source: SourceFile, piece: string): Span {
  const start = source.text.indexOf(piece)
  return { source, start, end: start + piece.length }
}

function diagnostic(span: Span | undefined, more: Partial<Diagnostic> = {}): Diagnostic {
  return { code: 'syntax', severity: 'error', message: 'it is wrong', span, related: [], hint: undefined, ...more }
}

describe('renderDiagnostic', () => {
  it('shows the place, the line and a caret under the span', () => {
    const source = file('struct A {\n  1: i33 b\n}\n')
    expect(renderDiagnostic(diagnostic(at(source, 'i33'), { hint: "did you mean 'i32'?" }))).toBe(
      [
        'a.thrift:2:6: error[syntax]: it is wrong',
        '  |',
        '2 |   1: i33 b',
        '  |      ^^^',
        "hint: did you mean 'i32'?",
        '',
      ].join('\n'),
    )
  })

  it('shows related places with a gutter as wide as the longest line number', () => {
    const source = file(`A\n${'\n'.repeat(9)}A`)
    const first = { source, start: 0, end: 1 }
    const second = { source, start: source.text.length - 1, end: source.text.length }
    expect(renderDiagnostic(diagnostic(second, { related: [{ message: 'first here', span: first }] }))).toBe(
      [
        'a.thrift:11:1: error[syntax]: it is wrong',
        '   |',
        '11 | A',
        '   | ^',
        'a.thrift:1:1: note: first here',
        '   |',
        ' 1 | A',
        '   | ^',
        '',
      ].join('\n'),
    )
  })

  it('keeps the caret under its text after tabs and wide characters', () => {
    const source = file('\t"中文" bad')
    const [, , line, mark] = renderDiagnostic(diagnostic(at(source, 'bad'))).split('\n')
    expect(line).toBe('1 |     "中文" bad')
    expect(mark).toBe('  |            ^^^')
  })

  it('clips a long line around the span', () => {
    const source = file(`${'x'.repeat(5_000)}HERE${'y'.repeat(5_000)}`)
    const [, , line, mark] = renderDiagnostic(diagnostic(at(source, 'HERE')), { width: 40 }).split('\n')
    expect(line).toMatch(/^1 \| …x+HEREy+…$/)
    expect(line!.length).toBe(4 + 40)
    expect(line!.slice(mark!.indexOf('^'), mark!.lastIndexOf('^') + 1)).toBe('HERE')
  })

  it('points behind the last character at the end of the file', () => {
    const source = file('struct A {')
    expect(renderDiagnostic(diagnostic({ source, start: 10, end: 10 })).split('\n')[3]).toBe('  |           ^')
  })

  it('underlines a span of several lines to the end of its first', () => {
    const source = file('ab cd\nef')
    expect(renderDiagnostic(diagnostic({ source, start: 3, end: 8 })).split('\n')[3]).toBe('  |    ^^')
  })

  it('lets no control character of the source reach the terminal', () => {
    const source = file('a \u001b[31m\u202e b', 'x\u0007.thrift')
    const text = renderDiagnostic(diagnostic(at(source, 'b'), { message: 'odd \u001b' }))
    for (const bad of ['\u001b', '\u202e', '\u0007']) expect(text).not.toContain(bad)
  })

  it('colours on request', () => {
    expect(renderDiagnostic(diagnostic(undefined), { color: true })).toContain('\u001b[1;31merror[syntax]\u001b[0m')
  })

  it('needs no place', () => {
    expect(renderDiagnostic(diagnostic(undefined))).toBe('error[syntax]: it is wrong\n')
  })
})

describe('diagnosticToJson', () => {
  it('gives lines and columns of both ends', () => {
    const source = file('ab\ncd ef\n')
    const span = at(source, 'ef')
    expect(
      diagnosticToJson(diagnostic(span, { hint: 'h', related: [{ message: 'r', span: at(source, 'ab') }] })),
    ).toEqual({
      file: 'a.thrift',
      line: 2,
      column: 4,
      endLine: 2,
      endColumn: 6,
      code: 'syntax',
      severity: 'error',
      message: 'it is wrong',
      hint: 'h',
      related: [{ file: 'a.thrift', line: 1, column: 1, endLine: 1, endColumn: 3, message: 'r' }],
    })
  })
})

describe('reportInto', () => {
  it('takes the severity from the table of codes', () => {
    const out: Diagnostic[] = []
    reportInto(out)({ code: 'syntax', message: 'm', span: undefined })
    expect(out).toEqual([
      { code: 'syntax', severity: 'error', message: 'm', span: undefined, related: [], hint: undefined },
    ])
  })
})
