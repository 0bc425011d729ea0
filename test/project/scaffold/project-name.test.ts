import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkName, nameProblem, suggestName } from '../../../src/project/scaffold/project-name.ts'

test.each(['@acme/shop', '@a-b.c/d_e', 'shop', 'my-shop', 'shop.v2', 'a', '7up', 'under_score'])(
  '%s can name a project',
  (name) => {
    expect(nameProblem(name)).toBeUndefined()
  },
)

test.each([
  ['My Shop', /lower-case/, 'my-shop'],
  ['shop!', /'!'/, 'shop'],
  ['.shop', /starts with '\.'/, 'shop'],
  ['Shop', /lower-case/, 'shop'],
  ['shöp', /'ö'/, 'shop'],
  ['', /empty/, undefined],
  ['volo-ts', /taken/, undefined],
  ['node_modules', /taken/, undefined],
  ['con', /Windows/, undefined],
  ['@Acme/shop', /of its scope '@Acme': .*lower-case/, 'acme-shop'],
  ['@/shop', /of its scope '@': it is empty/, 'shop'],
  ['@acme/', /it is empty/, 'acme'],
  ['@acme/con', /Windows/, 'acme-con'],
  ['a'.repeat(215), /214/, undefined],
])('%s cannot, and why is said', (name, why, better) => {
  expect(nameProblem(name)).toMatch(why)
  expect(() => checkName(name)).toThrow(/cannot name a project/)
  expect(suggestName(name)).toBe(better)
})

test('a path is told to use --dir', () => {
  expect(nameProblem('apps/shop')).toContain('--dir')
  expect(nameProblem('@acme/apps/shop')).toContain('--dir')
})

test('what is suggested for any text is valid', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const name = suggestName(text)
      if (name !== undefined) expect(nameProblem(name)).toBeUndefined()
    }),
  )
})
