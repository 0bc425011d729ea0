import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expandPatterns } from '../../../src/project/registry/idl-pattern.ts'
import { temporaryFolder, writeTree } from '../temporary-folder.ts'

const folder = temporaryFolder()
writeTree(folder, {
  'a.thrift': '',
  'b.proto': '',
  'notes.txt': '',
  'idl/x1.thrift': '',
  'idl/x2.thrift': '',
  'idl/deep/er/y.proto': '',
  'idl/node_modules/z.proto': '',
  'idl/.hidden/z.proto': '',
  'odd[1].thrift': '',
})

test.each([
  [
    ['a.thrift', './a.thrift', 'gone.thrift'],
    ['a.thrift', 'gone.thrift'],
  ],
  [['*'], ['a.thrift', 'b.proto', 'odd[1].thrift']],
  [['*.proto'], ['b.proto']],
  [['idl/x?.thrift'], ['idl/x1.thrift', 'idl/x2.thrift']],
  [['idl/**/*.proto'], ['idl/deep/er/y.proto']],
  [['**/*.thrift'], ['a.thrift', 'idl/x1.thrift', 'idl/x2.thrift', 'odd[1].thrift']],
  [['i*/x1.*'], ['idl/x1.thrift']],
  [['idl/**'], ['idl/deep/er/y.proto', 'idl/x1.thrift', 'idl/x2.thrift']],
  [['odd[1].thrift'], ['odd[1].thrift']],
  [['idl/../idl/x1.*'], ['idl/x1.thrift']],
  [['*/*/*/*.proto'], ['idl/deep/er/y.proto']],
  [['*/*.proto'], []],
])('%j', (words, files) => {
  if (files.length === 0) expect(() => expandPatterns(words, folder)).toThrow('no IDL file matches')
  else expect(expandPatterns(words, folder)).toEqual(files.map((path) => join(folder, path)))
})

test('a pattern that matches nothing, and a folder, are told', () => {
  expect(() => expandPatterns(['*.idl'], folder)).toThrow('no IDL file matches *.idl')
  expect(() => expandPatterns(['idl'], folder)).toThrow('idl is a folder')
})
