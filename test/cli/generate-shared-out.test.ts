import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listTree, readTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo } from './run-volo.ts'

const entry = (idl: string, out: string): string =>
  `entries:\n  default:\n    protocol: thrift\n    services: [ { idl: { source: local, path: ${idl} } } ]\n    typescript: { out: ${out}, handlers: false }\n`

/** Two projects beside each other that generate into one folder. */
function siblings(): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.git'))
  writeTree(folder, {
    'one/volo.yml': entry('a.thrift', '../src/gen'),
    'one/a.thrift': 'include "shared.thrift"\nstruct A { 1: shared.S s }\n',
    'one/shared.thrift': 'struct S {}\n',
    'two/volo.yml': entry('b.thrift', '../src/gen'),
    'two/b.thrift': 'struct B {}\n',
  })
  return folder
}

const generate = (folder: string, name: string, ...more: string[]): ReturnType<typeof runVolo> =>
  runVolo(join(folder, name), ['generate', ...more])

describe('two volo.yml with one output folder', () => {
  test('each generates and removes its own files only', async () => {
    const folder = siblings()
    expect((await generate(folder, 'one')).code).toBe(0)
    expect((await generate(folder, 'two')).stdout).toBe('created  ../src/gen/b.ts\n')
    expect((await generate(folder, 'one')).stdout).toBe('Generated code is up to date (2 files).\n')
    expect((await generate(folder, 'two', '--check')).code).toBe(0)
    writeFileSync(join(folder, 'one/a.thrift'), 'struct A {}\n')
    expect((await generate(folder, 'one')).stdout).toBe('changed  ../src/gen/a.ts\nremoved  ../src/gen/shared.ts\n')
    expect(listTree(join(folder, 'src/gen'))).toEqual(['a.ts', 'b.ts'])
  })

  test('a file of the other one in the way is an error that names it, also with --check, and nothing is written', async () => {
    const folder = siblings()
    writeTree(folder, {
      'two/shared.thrift': 'struct Other {}\n',
      'two/b.thrift': 'include "shared.thrift"\nstruct B { 1: shared.Other o }\n',
    })
    await generate(folder, 'one')
    const before = readTree(folder)
    const stderr =
      "error: ../src/gen/shared.ts was generated for ../one/volo.yml, and this volo.yml would overwrite it\nhint: set another 'out' under 'typescript:' in one of the two; if ../one/volo.yml does not generate the file any more, delete it\n"
    expect(await generate(folder, 'two')).toEqual({ code: 1, stdout: '', stderr })
    expect(await generate(folder, 'two', '--check')).toEqual({ code: 1, stdout: '', stderr })
    expect(readTree(folder)).toEqual(before)
  })

  test('idl remove takes its own files only', async () => {
    const folder = siblings()
    await generate(folder, 'one')
    await generate(folder, 'two')
    expect((await runVolo(join(folder, 'two'), ['idl', 'remove', 'b.thrift'])).code).toBe(0)
    expect(listTree(join(folder, 'src/gen'))).toEqual(['a.ts', 'shared.ts'])
  })

  test('a command that sweeps up after a killed one leaves the temporary files of the other', async () => {
    const folder = siblings()
    await generate(folder, 'one')
    await generate(folder, 'two')
    const files = readTree(join(folder, 'src/gen'))
    writeTree(folder, {
      'src/gen/a.ts.00000000.tmp': files['a.ts']!,
      'src/gen/b.ts.00000000.tmp': files['b.ts']!,
      'two/.volo.pid': '{"pid":999999999,"host":"nowhere","started":"","command":"volo generate"}\n',
    })
    const { checkLeftovers } = await import('../../src/project/doctor/project-check.ts')
    const { readConfig } = await import('../../src/project/config/config.ts')
    const { removeLeftovers } = await import('../../src/project/leftover.ts')
    const config = readConfig(join(folder, 'two/volo.yml'), folder)
    expect(removeLeftovers(config)).toEqual([join(folder, 'src/gen/b.ts.00000000.tmp')])
    expect(checkLeftovers(config, folder).some(({ message }) => message.includes('a.ts'))).toBe(false)
    expect(listTree(join(folder, 'src/gen'))).toContain('a.ts.00000000.tmp')
  })
})

test('a parent whose output folder holds that of another project leaves its files', async () => {
  const folder = temporaryFolder()
  writeTree(folder, {
    'volo.yml': entry('a.thrift', 'packages'),
    'a.thrift': 'struct A {}\n',
    'packages/child/volo.yml': entry('b.thrift', 'src/gen'),
    'packages/child/b.thrift': 'struct B {}\n',
  })
  await generate(folder, 'packages/child')
  expect(await generate(folder, '.')).toEqual({ code: 0, stdout: 'created  packages/a.ts\n', stderr: '' })
  expect((await generate(folder, 'packages/child')).stdout).toBe('Generated code is up to date (1 file).\n')
  expect((await generate(folder, '.')).stdout).toBe('Generated code is up to date (1 file).\n')
})

test('two configuration files of one folder are two owners', async () => {
  const folder = temporaryFolder()
  writeTree(folder, {
    'volo.yml': entry('a.thrift', 'gen'),
    'other.yml': entry('b.thrift', 'gen'),
    'a.thrift': 'struct A {}\n',
    'b.thrift': 'struct B {}\n',
  })
  await generate(folder, '.')
  expect((await generate(folder, '.', '--config', 'other.yml')).stdout).toBe('created  gen/b.ts\n')
  expect((await generate(folder, '.')).stdout).toBe('Generated code is up to date (1 file).\n')
})

test('what an earlier version generated is overwritten where it belongs, and else stays, with a warning', async () => {
  const folder = siblings()
  writeTree(folder, {
    'src/gen/a.ts': '// Generated by volo from a.thrift. Edits are lost.\n',
    'src/gen/b.ts': '// Generated by volo from b.thrift. Edits are lost.\n',
  })
  const first = await generate(folder, 'one')
  expect(first.stdout).toBe('created  ../src/gen/shared.ts\nchanged  ../src/gen/a.ts\n')
  expect(first.stderr).toBe(
    'warning: ../src/gen/b.ts was generated by an earlier version of volo, or for a volo.yml that is gone; delete it if no project needs it\n',
  )
  expect((await generate(folder, 'two')).stdout).toBe('changed  ../src/gen/b.ts\n')
  expect(await generate(folder, 'one', '--check')).toMatchObject({ code: 0, stderr: '' })
})

test('a project folder that was renamed takes its files over', async () => {
  const folder = siblings()
  await generate(folder, 'one')
  renameSync(join(folder, 'one'), join(folder, 'three'))
  expect((await generate(folder, 'three')).stdout).toBe('changed  ../src/gen/a.ts\nchanged  ../src/gen/shared.ts\n')
  rmSync(join(folder, 'three/shared.thrift'))
  writeFileSync(join(folder, 'three/a.thrift'), 'struct A {}\n')
  expect((await generate(folder, 'three')).stdout).toContain('removed  ../src/gen/shared.ts')
})
