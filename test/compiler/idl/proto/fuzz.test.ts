import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check } from '../../../../src/compiler/compile.ts'
import { memoryHost } from '../../../../src/compiler/host.ts'
import { positionAt } from '../../../../src/compiler/text/position.ts'
import { invalidProtos } from './invalid-table.ts'
import { readProto } from './read-proto.ts'
import { validProtos } from './valid-table.ts'

const seeds = [...Object.values(validProtos), ...invalidProtos.map((one) => one.text.replace('§', ''))]
const pieces = fc.constantFrom(
  ...['{', '}', '[', ']', '(', ')', '<', '>', ';', ',', '=', '.', '-', ':', '"', "'", '\\', '/*', '*/', '//', '\n'],
  ...[
    'message',
    'enum',
    'oneof',
    'option',
    'map<',
    'group',
    'extend',
    'extensions 1 to max;',
    'reserved',
    'rpc',
    'returns',
    'stream',
  ],
  ...[
    'optional',
    'repeated',
    'import',
    'package',
    'syntax',
    'edition = "2024";',
    'default',
    '[default =',
    'features',
    'to max',
    'inf',
    'nan',
  ],
  ...[
    '0',
    '0x',
    '1e',
    '.5',
    '99999999999999999999',
    '\\u',
    '\\U0010FFFF',
    '\u0000',
    'é',
    '\ud800',
    '\ufeff',
    '__proto__',
    'constructor',
  ],
)

const mutated = fc
  .record({
    text: fc.constantFrom(...seeds),
    edits: fc.array(fc.record({ at: fc.nat(), length: fc.nat(12), piece: pieces, kind: fc.nat(3), from: fc.nat() }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ text, edits }) => {
    let out = text
    for (const { at, length, piece, kind, from } of edits) {
      const i = at % (out.length + 1)
      const j = from % (out.length + 1)
      if (kind === 0) out = out.slice(0, i) + piece + out.slice(i)
      else if (kind === 1) out = out.slice(0, i) + out.slice(i + length)
      else if (kind === 2) out = out.slice(0, i) + piece + out.slice(i + length)
      else out = out.slice(0, i) + out.slice(j, j + length * 4) + out.slice(i)
    }
    return out
  })

describe('mutated files', () => {
  test('never throw, and every finding has a place in the file', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const host = memoryHost({ ...validProtos, 'test.proto': text })
        for (const { span, message } of check({ entries: ['test.proto'], host }).diagnostics) {
          expect(message).not.toMatch(/undefined|NaN|\[object/)
          if (span === undefined) continue
          expect(span.start).toBeGreaterThanOrEqual(0)
          expect(span.end).toBeLessThanOrEqual(span.source.text.length)
          expect(span.start).toBeLessThanOrEqual(span.end)
          expect(positionAt(span.source, span.start).line).toBeGreaterThan(0)
        }
      }),
      { numRuns: 1_500 },
    )
  }, 60_000)

  test('a file of random characters never throws', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 80 }), (parts) => {
        readProto(parts.join(' '))
      }),
      { numRuns: 1_000 },
    )
  }, 60_000)

  test.each([
    ['open braces', '{'.repeat(100_000)],
    ['nested messages', 'message A { '.repeat(50_000)],
    ['nested aggregates', `option (a) = ${'{ a '.repeat(50_000)}`],
    ['nested lists', `option (a) = { a: ${'['.repeat(50_000)}`],
    ['open comment', `/*${'*'.repeat(200_000)}`],
    ['backslashes', `option a = "${'\\'.repeat(200_000)}`],
    ['groups', 'message A { optional group B = 1 '.repeat(20_000)],
    ['dots', `package ${'a.'.repeat(100_000)}`],
    ['digits', `enum E { A = ${'9'.repeat(100_000)}; }`],
    ['reserved ranges', `message A { reserved ${Array.from({ length: 20_000 }, (_, i) => i * 2 + 1).join(', ')}; }`],
    ['enum values', `enum E { ${Array.from({ length: 20_000 }, (_, i) => `V${i} = ${i};`).join(' ')} }`],
    ['statements', ';'.repeat(200_000)],
  ])('long input of one kind ends soon and without a throw: %s', (_name, text) => {
    const { diagnostics } = readProto(text)
    expect(diagnostics.length).toBeLessThan(1_000)
  })

  const many = (part: (i: number) => string): string => Array.from({ length: 4_000 }, (_, i) => part(i)).join('')
  test.each([
    ['unknown types', many((i) => `message Mess${i} { Unknwn${i} a = 1; }`)],
    ['options', `message M {${many((i) => `int32 f${i} = ${i + 1} [deprecatd = true];`)}}`],
    ['numbers', `message M {${many((i) => `int32 f${i} = 1;`)}}`],
    [
      'defaults',
      `enum E {${many((i) => `VALUE_${i} = ${i};`)}} message M {${many((i) => `optional E f${i} = ${i + 1} [default = VALU_${i}];`)}}`,
    ],
  ])('thousands of errors of one kind cost no quadratic time: %s', (_name, text) => {
    const { diagnostics } = check({ entries: ['test.proto'], host: memoryHost({ 'test.proto': text }) })
    expect(diagnostics.length).toBeGreaterThan(3_000)
  })
})
