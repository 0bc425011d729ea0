import { describe, expect, it } from 'vitest'
import { docText, splitComments } from '../../../src/compiler/text/doc-comment.ts'
import { type Comment, skipTrivia } from '../../../src/compiler/text/scanner.ts'

/** Shares out the comments between the words `prev` and `next` of a text; each may be missing. */
function split(text: string): { trailing: string[]; detached: string[][]; leading: string[] } {
  const previousEnd = text.includes('prev') ? text.indexOf('prev') + 4 : undefined
  const comments: Comment[] = []
  const stop = skipTrivia(text, previousEnd ?? 0, true, comments)
  const nextStart = text.startsWith('next', stop) ? stop : undefined
  const show = (c: Comment): string => text.slice(c.start, c.end)
  const parts = splitComments(text, comments, 0, comments.length, previousEnd, nextStart)
  return {
    trailing: parts.trailing.map(show),
    detached: parts.detached.map((group) => group.map(show)),
    leading: parts.leading.map(show),
  }
}

function doc(text: string): string | undefined {
  const comments: Comment[] = []
  skipTrivia(text, 0, true, comments)
  return docText(text, comments)
}

describe('splitComments', () => {
  it('gives a comment on the line of the previous token to it', () => {
    expect(split('prev // a\nnext')).toEqual({ trailing: ['// a'], detached: [], leading: [] })
    expect(split('prev /* a */ // b\n// c\nnext')).toEqual({
      trailing: ['/* a */', '// b'],
      detached: [],
      leading: ['// c'],
    })
  })

  it('continues a trailing comment below in the same column', () => {
    expect(split('prev # a\n     # b\nnext')).toEqual({ trailing: ['# a', '# b'], detached: [], leading: [] })
  })

  it('gives the group next to a token to it and detaches the others', () => {
    expect(split('prev\n// a\n// b\n\n/* c */\n\n// d\nnext')).toEqual({
      trailing: [],
      detached: [['// a', '// b'], ['/* c */']],
      leading: ['// d'],
    })
  })

  it('leads nothing across a blank line or at the end of the file', () => {
    expect(split('// a\n\nnext').leading).toEqual([])
    expect(split('prev\n// a').detached).toEqual([['// a']])
  })

  it('gives a comment between two tokens of a line to the next', () => {
    expect(split('prev /* a */ next')).toEqual({ trailing: [], detached: [], leading: ['/* a */'] })
  })
})

describe('docText', () => {
  it.each([
    ['/** One line. */', 'One line.'],
    ['/**\n * First.\n *\n *   indented\n */', 'First.\n\n  indented'],
    ['/** First\n  * second\n  **/', 'First\nsecond'],
    ['/*\n   plain\n     more\n*/', 'plain\n  more'],
    ['// a\n//  b\n//\n// c', 'a\n b\n\nc'],
    ['/// rust', 'rust'],
    ['# hash\r\n# two\r\n', 'hash\ntwo'],
    ['/**/', undefined],
    ['//', undefined],
    ['/** open', 'open'],
  ])('cleans %j', (text, expected) => {
    expect(doc(text)).toBe(expected)
  })
})
