import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compile } from '../../src/compiler/compile.ts'
import { nodeHost } from '../../src/project/node-host.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'volo-host-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function diagnosticsOf(...entries: string[]): { code: string; message: string; hint: string | undefined }[] {
  return compile({ entries, host: nodeHost(folder) }).diagnostics.map(({ code, message, hint }) => ({
    code,
    message,
    hint,
  }))
}

describe('a file that is not there', () => {
  test('and differs in case only is named as it is called', () => {
    write({ 'shop.thrift': 'include "Common/Money.thrift"', 'common/money.thrift': '' })
    expect(diagnosticsOf('shop.thrift')).toMatchObject([
      { code: 'file-not-found', hint: "there is 'common', which differs in case: write it as it is called" },
    ])
    expect(diagnosticsOf('Shop.thrift')).toMatchObject([
      { code: 'file-not-found', hint: "there is 'shop.thrift', which differs in case: write it as it is called" },
    ])
  })

  test('and lies in a submodule that is not checked out says how to check it out', () => {
    write({
      'idl/shop.proto': 'syntax = "proto3"; import "third/money.proto";',
      '.gitmodules': '[submodule "third"]\n\tpath = idl/third\n\turl = https://example.com/third.git\n',
    })
    mkdirSync(join(folder, 'idl/third'))
    expect(diagnosticsOf('idl/shop.proto')).toMatchObject([
      {
        code: 'file-not-found',
        hint: "it lies in the git submodule 'idl/third', which is not checked out: git submodule update --init",
      },
    ])
  })

  test('and is nowhere near has the usual hint', () => {
    write({ 'shop.thrift': 'include "money.thrift"' })
    expect(diagnosticsOf('shop.thrift')).toMatchObject([{ hint: 'give the folder that its path starts from with -i' }])
  })
})

test('one file by two paths is one file', () => {
  write({
    'real/money.proto': 'syntax = "proto3"; package money; message Money { int64 units = 1; }',
    'a.proto': 'syntax = "proto3"; import "real/money.proto"; message A { money.Money m = 1; }',
    'b.proto': 'syntax = "proto3"; import "link/money.proto"; message B { money.Money m = 1; }',
  })
  symlinkSync('real', join(folder, 'link'))
  const { diagnostics, files } = compile({
    entries: ['a.proto', 'b.proto', 'link/money.proto'],
    host: nodeHost(folder),
  })
  expect(diagnostics).toEqual([])
  expect(files.map(({ path }) => path).sort()).toEqual(['a.ts', 'b.ts', 'real/money.ts'])
})

test('bytes that are not UTF-8 are Latin-1 in comments, and an error elsewhere', () => {
  const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
  write({
    'a.thrift': latin1('// Gr\xf6\xdfe\nstruct A { 1: string s = "x" }'),
    'b.thrift': latin1('struct B { 1: string s = "gr\xf6\xdfe" }'),
    'c.thrift': 'struct C { 1: string s = "größe 😀" } // größe \ufffd 😀',
  })
  const { files } = compile({ entries: ['a.thrift'], host: nodeHost(folder) })
  expect(files[0]!.text).toContain('Größe')
  expect(diagnosticsOf('a.thrift').map((one) => one.code)).toEqual(['not-utf8-comment'])
  expect(diagnosticsOf('b.thrift').map((one) => one.code)).toEqual(['not-utf8'])
  expect(diagnosticsOf('c.thrift')).toEqual([])
})
