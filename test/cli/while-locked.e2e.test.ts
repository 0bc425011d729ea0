import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/project/config/config.ts'
import { thisMachine } from '../../src/project/running-process.ts'
import { withWriteLock, writeLockName } from '../../src/project/write-lock.ts'
import { listTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { quickly, runVolo } from './run-volo.ts'

const bin = join(import.meta.dirname, '../../bin/volo.js')
const volo = (cwd: string, ...words: string[]): Promise<{ readonly code: unknown; readonly stderr: string }> => {
  const child = spawn(process.execPath, [bin, ...words], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += String(text)
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })))
}

function project(): string {
  const folder = temporaryFolder()
  writeTree(folder, {
    'package.json': '{ "name": "x", "type": "module" }\n',
    'volo.yml':
      'entries:\n  default:\n    protocol: thrift\n    services:\n      - idl: { source: local, path: a.thrift }\n',
    'a.thrift': 'service A { void a() }\n',
    'b.thrift': 'service B { void b() }\n',
    'c.thrift': 'service C { void c() }\n',
    'd.thrift': 'service D { void d() }\n',
  })
  return folder
}

/** The lock of a process that was killed. */
function killedLock(folder: string): void {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const record = {
    command: 'volo update',
    pid,
    host: hostname(),
    since: '2026-01-02T03:04:05.000Z',
    nonce: '0123456789abcdef',
    machine: thisMachine(),
    started: '1',
  }
  writeFileSync(join(folder, writeLockName), JSON.stringify(record))
}

describe('commands that write one project', () => {
  test('at once all have their effect', async () => {
    const folder = project()
    const ends = await Promise.all([
      volo(folder, 'idl', 'add', 'b.thrift'),
      volo(folder, 'idl', 'add', 'c.thrift'),
      volo(folder, 'idl', 'add', 'd.thrift'),
      volo(folder, 'generate'),
    ])
    expect(ends).toEqual(Array(4).fill({ code: 0, stderr: expect.not.stringContaining('error') }))
    const { entries, diagnostics } = parseConfig(
      readFileSync(join(folder, 'volo.yml'), 'utf8'),
      '/volo.yml',
      'volo.yml',
    )
    expect(diagnostics).toEqual([])
    expect(entries['default']?.services?.map(({ idl }) => idl.path).sort()).toEqual([
      'a.thrift',
      'b.thrift',
      'c.thrift',
      'd.thrift',
    ])
    expect(readdirSync(join(folder, 'src/gen')).sort()).toEqual(['a.ts', 'b.ts', 'c.ts', 'd.ts'])
    expect((await volo(folder, 'generate', '--check')).code).toBe(0)
    expect(listTree(folder).filter((path) => path.includes(writeLockName) || path.endsWith('.tmp'))).toEqual([])
  })

  test.each([
    ['update'],
    ['idl', 'add', 'b.thrift'],
    ['idl', 'remove', 'a.thrift'],
    ['generate'],
    ['init', '.', 'b.thrift', '--force', ...quickly],
  ])('volo %s waits, then says who is at it', async (...words) => {
    const folder = project()
    const before = listTree(folder)
    await withWriteLock(folder, { command: 'volo update' }, async () => {
      const { code, stderr } = await runVolo(folder, words, { env: { VOLO_LOCK_TIMEOUT: '0.5' } })
      expect(code).toBe(1)
      const process = 'process \\d+'
      expect(stderr).toMatch(
        new RegExp(
          `^waiting for 'volo update' \\(${process}\\), which is writing this project \\.\\.\\.\nerror: 'volo update' \\(${process} on .*, since .*\\) is writing this project\nhint: `,
        ),
      )
    })
    expect(listTree(folder)).toEqual(before)
    expect((await runVolo(folder, words)).code).toBe(0)
    expect(existsSync(join(folder, writeLockName))).toBe(false)
  })

  test('that only read do not wait', async () => {
    const folder = project()
    expect((await runVolo(folder, ['generate'])).code).toBe(0)
    mkdirSync(join(folder, 'node_modules'))
    await withWriteLock(folder, { command: 'volo update' }, async () => {
      for (const words of [['generate', '--check'], ['check'], ['idl', 'list']]) {
        expect(await runVolo(folder, words, { env: { VOLO_LOCK_TIMEOUT: '0' } })).toMatchObject({ code: 0, stderr: '' })
      }
    })
  })

  test('sweep what a killed one has left, and nothing else', async () => {
    const folder = project()
    killedLock(folder)
    writeTree(folder, {
      'volo.yml.0a1b2c3d.tmp': 'entr',
      'volo.lock.0a1b2c3d.tmp': '',
      'src/gen/deep/a.ts.0a1b2c3d.tmp': 'half',
      'src/handlers/a.ts.0a1b2c3d.tmp': 'half',
      'notes.md.0a1b2c3d.tmp': 'mine',
      'volo.yml.tmp': 'mine',
      'src/other/a.ts.0a1b2c3d.tmp': 'not where volo writes',
    })
    const { code, stdout, stderr } = await runVolo(folder, ['generate', '--verbose'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('removed  volo.yml.0a1b2c3d.tmp (left by a command that was killed)')
    expect(listTree(folder).filter((path) => path.includes('.tmp'))).toEqual([
      'notes.md.0a1b2c3d.tmp',
      'src/other/a.ts.0a1b2c3d.tmp',
      'volo.yml.tmp',
    ])
  })

  test('take no odd VOLO_LOCK_TIMEOUT', async () => {
    for (const value of ['soon', '-1', 'Infinity']) {
      const { code, stderr } = await runVolo(project(), ['update'], { env: { VOLO_LOCK_TIMEOUT: value } })
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: `error: VOLO_LOCK_TIMEOUT is '${value}', and must be a number of seconds\n`,
      })
    }
  })

  test('that begin a project at once begin one', async () => {
    const folder = project()
    rmSync(join(folder, 'volo.yml'))
    const ends = await Promise.all(['b', 'c', 'd'].map((name) => volo(folder, 'idl', 'add', `${name}.thrift`)))
    expect(ends).toEqual(Array(3).fill({ code: 0, stderr: expect.not.stringContaining('error') }))
    expect(
      readFileSync(join(folder, 'volo.yml'), 'utf8')
        .match(/path: .*/g)
        ?.sort(),
    ).toEqual(['path: b.thrift', 'path: c.thrift', 'path: d.thrift'])
  })
})
