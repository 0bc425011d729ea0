import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { listTree, temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo } from './run-volo.ts'

const bin = join(import.meta.dirname, '../../bin/volo.js')

/** A watch in a process of its own. */
interface Watch {
  readonly folder: string
  readonly child: ChildProcess
  /** Everything that it has said. */
  said(): string
  /** Waits until it has generated so many times and watches again. */
  rounds(count: number): Promise<void>
  readonly ended: Promise<number | null>
}

const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})

function project(files: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder()
  writeTree(folder, {
    'volo.yml':
      'entries:\n  default:\n    protocol: thrift\n    services:\n      - idl: { source: local, path: idl/a.thrift }\n',
    'idl/a.thrift': 'include "b.thrift"\nservice A { void a(1: b.B b) }\n',
    'idl/b.thrift': 'struct B { 1: string one }\n',
    ...files,
  })
  return folder
}

async function watch(folder: string): Promise<Watch> {
  const child = spawn(process.execPath, [bin, 'generate', '--watch'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      text += String(part)
    })
  }
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      running.delete(child)
      resolve(code)
    }),
  )
  const one: Watch = {
    folder,
    child,
    said: () => text,
    rounds: (count) =>
      expect.poll(() => text, { timeout: 15_000, interval: 20 }).toMatch(new RegExp(`^(?:[^]*?Watching){${count}}`)),
    ended,
  }
  await one.rounds(1)
  return one
}

async function stop({ child, ended }: Watch, signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
  child.kill(signal)
  expect(await ended).toBe(0)
}

/** Saves as editors do: a new file takes the old one's place. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}~`, text)
  renameSync(`${path}~`, path)
}

const generated = (folder: string, name: string): string => readFileSync(join(folder, 'src/gen', name), 'utf8')
const eventually = (check: () => unknown): ReturnType<typeof expect.poll> =>
  expect.poll(check, { timeout: 15_000, interval: 20 })

describe.skipIf(process.platform === 'win32')('volo generate --watch', () => {
  test('generates at once, and again when an IDL or an included file is written or replaced', async () => {
    const one = await watch(project())
    expect(generated(one.folder, 'b.ts')).toContain('one')
    writeFileSync(join(one.folder, 'idl/b.thrift'), 'struct B { 1: string two }\n')
    await eventually(() => generated(one.folder, 'b.ts')).toContain('two')
    for (const name of ['three', 'four', 'five']) {
      replace(join(one.folder, 'idl/b.thrift'), `struct B { 1: string ${name} }\n`)
      await eventually(() => generated(one.folder, 'b.ts')).toContain(name)
    }
    replace(join(one.folder, 'idl/a.thrift'), 'include "b.thrift"\nservice A { void changed(1: b.B b) }\n')
    await eventually(() => generated(one.folder, 'a.ts')).toContain('changed')
    expect(one.said()).toContain('idl/b.thrift changed\nchanged  src/gen/b.ts\n')
    await stop(one)
    expect(listTree(one.folder).filter((path) => path.includes('.pid') || path.endsWith('.tmp'))).toEqual([])
  })

  test('goes on after errors, and shows them', async () => {
    const one = await watch(project({ 'idl/a.thrift': 'include "gone.thrift"\nservice A {}\n' }))
    expect(one.said()).toMatch(/idl\/a\.thrift:1:9: error\[file-not-found\]/)
    writeFileSync(join(one.folder, 'idl/gone.thrift'), 'struct G {\n')
    await eventually(() => one.said()).toMatch(/idl\/gone\.thrift:\d+:\d+: error\[/)
    writeFileSync(join(one.folder, 'idl/gone.thrift'), 'struct G {}\n')
    await eventually(() => listTree(one.folder)).toContain('src/gen/a.ts')
    rmSync(join(one.folder, 'idl/gone.thrift'))
    await eventually(() => one.said().match(/file-not-found/g)?.length).toBe(2)
    writeFileSync(join(one.folder, 'volo.yml'), 'entries: [\n')
    await eventually(() => one.said()).toMatch(/volo\.yml:\d+:\d+: error\[config-/)
    rmSync(join(one.folder, 'volo.yml'))
    await eventually(() => one.said()).toContain('error: there is no volo.yml')
    writeTree(one.folder, {
      'volo.yml': 'entries:\n  x: { protocol: thrift, services: [{ idl: { source: local, path: idl/b.thrift } }] }\n',
    })
    await eventually(() => listTree(one.folder)).toContain('src/gen/b.ts')
    await stop(one, 'SIGTERM')
  })

  test('follows files, folders and entries that come, go and are renamed', async () => {
    const one = await watch(project())
    writeTree(one.folder, { 'idl/deep/er/c.thrift': 'struct C { 1: string c1 }\n' })
    writeFileSync(
      join(one.folder, 'idl/a.thrift'),
      'include "b.thrift"\ninclude "deep/er/c.thrift"\nservice A { void a(1: b.B b, 2: c.C c) }\n',
    )
    await eventually(() => listTree(one.folder)).toContain('src/gen/deep/er/c.ts')
    writeFileSync(join(one.folder, 'idl/deep/er/c.thrift'), 'struct C { 1: string c2 }\n')
    await eventually(() => generated(one.folder, 'deep/er/c.ts')).toContain('c2')
    renameSync(join(one.folder, 'idl/deep'), join(one.folder, 'away'))
    await eventually(() => one.said()).toMatch(/error\[file-not-found\].*deep\/er\/c\.thrift/)
    mkdirSync(join(one.folder, 'idl/deep'))
    renameSync(join(one.folder, 'away/er'), join(one.folder, 'idl/deep/er'))
    writeFileSync(join(one.folder, 'idl/deep/er/c.thrift'), 'struct C { 1: string c3 }\n')
    await eventually(() => generated(one.folder, 'deep/er/c.ts')).toContain('c3')
    replace(
      join(one.folder, 'volo.yml'),
      'entries:\n  default:\n    protocol: thrift\n    services:\n      - idl: { source: local, path: idl/new.thrift }\n',
    )
    await eventually(() => one.said()).toMatch(/idl\/new\.thrift/)
    writeFileSync(join(one.folder, 'idl/new.thrift'), 'struct N {}\n')
    await eventually(() => listTree(one.folder).filter((path) => path.startsWith('src/gen/'))).toEqual([
      'src/gen/new.ts',
    ])
    await stop(one)
  })

  test('takes many writes at once as one change', async () => {
    const one = await watch(project())
    for (let i = 0; i < 30; i++) writeFileSync(join(one.folder, 'idl/b.thrift'), `struct B { 1: string n${i} }\n`)
    await eventually(() => generated(one.folder, 'b.ts')).toContain('n29')
    await one.rounds(2)
    expect(one.said().match(/Watching/g)!.length).toBeLessThan(6)
    await stop(one)
  })

  test('ends cleanly in the middle of anything', async () => {
    const one = await watch(project())
    writeFileSync(join(one.folder, 'idl/b.thrift'), 'struct B { 1: string late }\n')
    await stop(one, 'SIGTERM')
    expect(one.said()).not.toContain('error')
  })
})

test('volo generate --watch goes with neither --check nor --json', async () => {
  for (const other of ['--check', '--json']) {
    const { code, stderr } = await runVolo(project(), ['generate', '--watch', other])
    expect(code).toBe(2)
    expect(stderr).toContain(`option '-w, --watch' cannot be used with option '${other}'`)
  }
})
