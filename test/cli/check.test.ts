import { describe, expect, test } from 'vitest'
import { listTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo } from './run-volo.ts'

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  writeTree(folder, files)
  return folder
}

describe('volo check', () => {
  test('exits 0 for IDLs without errors, in no project at all, and writes nothing', async () => {
    const folder = folderWith({ 'a.thrift': 'struct A {}', 'b.proto': 'syntax = "proto3"; message B {}' })
    expect(await runVolo(folder, ['check', 'a.thrift', 'b.proto'])).toEqual({
      code: 0,
      stdout: 'Checked 2 files: no errors.\n',
      stderr: '',
    })
    expect(listTree(folder)).toEqual(['a.thrift', 'b.proto'])
  })

  test('exits 1 and prints the place, the line and what else belongs to it', async () => {
    const folder = folderWith({ 'a.thrift': 'struct A {\n  1: i32 x\n  1: i32 y\n}\n' })
    const { code, stderr } = await runVolo(folder, ['check', 'a.thrift'])
    expect(code).toBe(1)
    expect(stderr).toContain('a.thrift:3:10: error[duplicate-field-id]')
    expect(stderr).toMatch(/a\.thrift:2:10: note: /)
  })

  test('gives every diagnostic as JSON: file, line, column, endLine, endColumn, code, severity, message, related', async () => {
    const folder = folderWith({
      'a.thrift': 'include "b.thrift"\nstruct A {\n  1: i32 x\n  1: Nop\n}\n',
      'b.thrift': 'struct B {}',
    })
    const { code, stdout } = await runVolo(folder, ['check', 'a.thrift', '--json'])
    expect(code).toBe(1)
    const said = JSON.parse(stdout) as { ok: boolean; files: string[]; diagnostics: Record<string, unknown>[] }
    expect(said).toMatchObject({ ok: false, files: ['a.thrift'] })
    expect(said.diagnostics.length).toBeGreaterThan(0)
    for (const one of said.diagnostics) {
      expect(one).toMatchObject({
        file: 'a.thrift',
        line: expect.any(Number),
        column: expect.any(Number),
        endLine: expect.any(Number),
        endColumn: expect.any(Number),
        code: expect.any(String),
        severity: expect.stringMatching(/^(error|warning)$/),
        message: expect.any(String),
        related: expect.any(Array),
      })
    }
  })

  test('gives related places in full, columns from 1 and ends behind the last character', async () => {
    const folder = folderWith({ 'a.proto': 'syntax = "proto3";\nmessage A {\n  string x = 1;\n  string yy = 1;\n}\n' })
    const { stdout } = await runVolo(folder, ['check', 'a.proto', '--json'])
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Record<string, unknown>[] }
    expect(diagnostics[0]).toMatchObject({
      file: 'a.proto',
      line: 4,
      endLine: 4,
      code: 'duplicate-field-id',
      severity: 'error',
      related: [
        {
          file: 'a.proto',
          line: 3,
          column: expect.any(Number),
          endLine: 3,
          endColumn: expect.any(Number),
          message: expect.any(String),
        },
      ],
    })
  })

  test('a warning alone exits 0 and is in the JSON', async () => {
    const folder = folderWith({ 'a.thrift': 'include "b.thrift"\nstruct A {}', 'b.thrift': 'struct B {}' })
    const { code, stdout } = await runVolo(folder, ['check', 'a.thrift', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      diagnostics: [{ code: 'unused-import', severity: 'warning', line: 1 }],
    })
  })

  test('looks for includes in the folders given with -i', async () => {
    const folder = folderWith({
      'here/a.proto': 'syntax = "proto3"; import "x/b.proto"; message A { B b = 1; }',
      'there/x/b.proto': 'syntax = "proto3"; message B {}',
    })
    expect((await runVolo(folder, ['check', 'here/a.proto'])).code).toBe(1)
    expect((await runVolo(folder, ['check', 'here/a.proto', '-i', 'there'])).code).toBe(0)
  })

  test('a file that is not there is an error in text and in JSON', async () => {
    const folder = folderWith({})
    const { code, stdout } = await runVolo(folder, ['check', 'gone.thrift', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, diagnostics: [{ code: 'file-not-found', related: [] }] })
  })

  test("says what to do about a Thrift file whose name holds '-'", async () => {
    const folder = folderWith({
      'my-types.thrift': 'struct T {}',
      'a.thrift': 'include "my-types.thrift"\nstruct A { 1: my-types.T t }\n',
      'b.thrift': 'struct B { 1: i32 a-b }\nconst i32 C = 5-3\n',
    })
    const { stderr } = await runVolo(folder, ['check', 'a.thrift', 'b.thrift'])
    expect(stderr.match(/^hint: .*/gm)).toEqual([
      "hint: a name cannot hold '-': call the file 'my_types.thrift'",
      "hint: a name cannot hold '-'",
    ])
  })
})
