import { expect, test } from 'vitest'
import { printDoc } from '../../../src/compiler/gen/text/doc.ts'
import { Printer } from '../../../src/compiler/gen/text/printer.ts'

function doc(text: string | undefined, extra = {}): string {
  const printer = new Printer()
  printDoc(printer, text, extra)
  return printer.text()
}

test('a short comment stands on one line', () => {
  expect(doc('One line.')).toBe('/** One line. */\n')
})

test('a long or many-lined comment is broken, without trailing spaces', () => {
  expect(doc('First.\n\n  indented  \n')).toBe('/**\n * First.\n *\n *   indented\n */\n')
  expect(doc('x'.repeat(115))).toBe(`/**\n * ${'x'.repeat(115)}\n */\n`)
})

test('nothing is printed where there is nothing to say', () => {
  expect(doc(undefined)).toBe('\n')
  expect(doc(' \n ')).toBe('\n')
})

test('a comment cannot end the comment it becomes', () => {
  expect(doc('a */ b */')).toBe('/** a *\\/ b *\\/ */\n')
  expect(doc('line\u2028*/ separator')).toBe('/**\n * line\n * *\\/ separator\n */\n')
})

test('tags that mean something else in TSDoc are escaped, addresses and known tags stay', () => {
  expect(doc('@param id who, see @ts-ignore and a@b.c')).toBe('/** @param id who, see \\@ts-ignore and a@b.c */\n')
  expect(doc('@internal {@link X}')).toBe('/** \\@internal {\\@link X} */\n')
})

test('deprecation becomes a tag with its reason, once', () => {
  expect(doc('Old.', { deprecated: true })).toBe('/**\n * Old.\n *\n * @deprecated\n */\n')
  expect(doc(undefined, { deprecated: 'use New */' })).toBe('/** @deprecated use New *\\/ */\n')
  expect(doc('@deprecated since 2', { deprecated: true })).toBe('/** @deprecated since 2 */\n')
})
