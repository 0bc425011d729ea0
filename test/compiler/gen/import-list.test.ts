import { expect, test } from 'vitest'
import { importList, relativePath } from '../../../src/compiler/gen/text/import-list.ts'

test('each name is imported once, as a type only where no value is needed', () => {
  const imports = importList(new Set())
  expect(imports.add('volo-ts/gen', 'Context', 'volo', true)).toBe('Context')
  expect(imports.add('./money.js', 'Money', 'money', true)).toBe('Money')
  expect(imports.add('./money.js', 'MoneyInput', 'money', true)).toBe('MoneyInput')
  expect(imports.add('./money.js', 'Money', 'money', false)).toBe('Money')
  expect(imports.print()).toEqual([
    "import type { Context } from 'volo-ts/gen'",
    "import { Money, type MoneyInput } from './money.js'",
  ])
})

test('a name that the module or another import has gets the prefix of where it comes from', () => {
  const imports = importList(new Set(['Timestamp', 'a_Money']))
  expect(imports.add('volo-ts/gen', 'Timestamp', 'google', true)).toBe('google_Timestamp')
  expect(imports.add('./a.js', 'Money', 'a', false)).toBe('Money')
  expect(imports.add('./b.js', 'Money', 'b', false)).toBe('b_Money')
  expect(imports.add('./c/a.js', 'Money', 'a', false)).toBe('a_Money2')
  expect(imports.print()).toContain("import { Money as b_Money } from './b.js'")
})

test('the descriptions of files are numbered, and long lists are broken', () => {
  const imports = importList(new Set())
  expect(imports.addFile('./a.js', '$file')).toBe('$file1')
  expect(imports.addFile('../b.js', '$file')).toBe('$file2')
  expect(imports.addFile('./a.js', '$file')).toBe('$file1')
  for (const letter of 'abcd') imports.add('volo-ts/gen', letter.repeat(30), 'volo', letter > 'b')
  expect(imports.print()).toEqual([
    'import {',
    `  ${'a'.repeat(30)},`,
    `  ${'b'.repeat(30)},`,
    `  type ${'c'.repeat(30)},`,
    `  type ${'d'.repeat(30)},`,
    "} from 'volo-ts/gen'",
    "import { $file as $file2 } from '../b.js'",
    "import { $file as $file1 } from './a.js'",
  ])
})

test('paths between modules are relative', () => {
  expect(relativePath('shop', 'common/money')).toBe('./common/money')
  expect(relativePath('a/b/c', 'a/b/d')).toBe('./d')
  expect(relativePath('a/b/c', 'a/d')).toBe('../d')
  expect(relativePath('a/b', 'a')).toBe('../a')
  expect(relativePath('a/b', 'c/d/e')).toBe('../c/d/e')
})
