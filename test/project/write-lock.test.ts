import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { thisMachine, thisProcess } from '../../src/project/running-process.ts'
import { type LockHolder, withWriteLock, writeLockName, writeLockState } from '../../src/project/write-lock.ts'
import { temporaryFolder } from './temporary-folder.ts'

const command = 'volo test'
const module = pathToFileURL(join(plainModules(), 'write-lock.js')).href

/** A folder with the lock's modules for a Node that knows no TypeScript. */
function plainModules(): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const name of ['write-lock', 'running-process', 'fs-error', 'project-error']) {
    const text = readFileSync(join(import.meta.dirname, `../../src/project/${name}.ts`), 'utf8')
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, rewriteRelativeImportExtensions: true },
    })
    writeFileSync(join(folder, `${name}.js`), outputText)
  }
  return folder
}

/** Starts a process on lines of code. */
function run(code: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** A lock file's text. */
function lockText(over: object): string {
  const { pid, started } = thisProcess()
  const host = hostname()
  return JSON.stringify({
    command: 'volo update',
    pid,
    host,
    since: '2026-01-02T03:04:05.000Z',
    nonce: '0123456789abcdef',
    machine: thisMachine(),
    started,
    ...over,
  })
}

/** The number of a process that has ended. */
function endedPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

/** Starts a process that takes the lock, says so, and keeps it until it is ended. */
async function holder(folder: string): Promise<ChildProcess> {
  const code = `
    import { withWriteLock } from ${JSON.stringify(module)}
    await withWriteLock(${JSON.stringify(folder)}, { command: 'volo hold' }, async () => {
      console.log('held')
      await new Promise((resolve) => process.stdin.once('data', resolve))
    })
    process.exit(0)`
  const child = run(code)
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  return child
}

describe('the write lock', () => {
  test('lies in the folder while the body runs, and nothing is left of it', async () => {
    const folder = temporaryFolder()
    const inside = await withWriteLock(folder, { command }, async ({ tookOver }) => ({
      tookOver,
      files: readdirSync(folder),
      state: writeLockState(folder),
    }))
    expect(inside).toMatchObject({ tookOver: false, files: [writeLockName], state: { command, pid: process.pid } })
    expect(readdirSync(folder)).toEqual([])
    expect(writeLockState(folder)).toBeUndefined()
    await expect(withWriteLock(folder, { command }, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(readdirSync(folder)).toEqual([])
  })

  test('lets one body run at a time, within a process', async () => {
    const folder = temporaryFolder()
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 6 }, () =>
        withWriteLock(folder, { command, waitMs: 60_000 }, async () => {
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setTimeout(resolve, 5))
          inside--
        }),
      ),
    )
    expect(most).toBe(1)
  })

  test('loses no step of several processes, though each finds the stale lock of a killed one', async () => {
    const folder = temporaryFolder()
    const counter = join(folder, 'counter')
    writeFileSync(counter, '0')
    writeFileSync(join(folder, writeLockName), lockText({ pid: endedPid(), started: '1' }))
    const code = `
      import { readFileSync, writeFileSync } from 'node:fs'
      import { setTimeout as sleep } from 'node:timers/promises'
      import { withWriteLock } from ${JSON.stringify(module)}
      for (let i = 0; i < 8; i++) {
        await withWriteLock(${JSON.stringify(folder)}, { command: 'volo count', waitMs: 100_000 }, async () => {
          const n = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'))
          await sleep(2)
          writeFileSync(${JSON.stringify(counter)}, String(n + 1))
        })
      }`
    const ended = await Promise.all(
      Array.from({ length: 4 }, () => {
        const child = run(code)
        return new Promise((resolve) => child.on('close', resolve))
      }),
    )
    expect(ended).toEqual([0, 0, 0, 0])
    expect(readFileSync(counter, 'utf8')).toBe('32')
    expect(readdirSync(folder)).toEqual(['counter'])
  })

  test('held by another process is waited for, with word of who it is, and taken when that one ends', async () => {
    const folder = temporaryFolder()
    const child = await holder(folder)
    const told: (LockHolder | undefined)[] = []
    const taken = withWriteLock(
      folder,
      {
        command,
        waitMs: 60_000,
        onWait: (one) => {
          told.push(one)
          child.stdin?.write('go\n')
        },
      },
      async ({ tookOver }) => tookOver,
    )
    expect(await taken).toBe(false)
    expect(told).toMatchObject([{ command: 'volo hold', pid: child.pid }])
  })

  test('is given up on with a sentence that names the holder', async () => {
    const folder = temporaryFolder()
    const child = await holder(folder)
    await expect(withWriteLock(folder, { command, waitMs: 0 }, async () => {})).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`^'volo hold' \\(process ${child.pid} on .*, since 20.*\\) is writing this project$`),
      ),
      hint: expect.stringContaining(writeLockName),
    })
    child.stdin?.write('go\n')
    await new Promise((resolve) => child.on('close', resolve))
    expect(readdirSync(folder)).toEqual([])
  })

  test('of a process that was killed is taken over at once', async () => {
    const folder = temporaryFolder()
    const child = await holder(folder)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.on('close', resolve))
    expect(existsSync(join(folder, writeLockName))).toBe(true)
    expect(writeLockState(folder)).toBe('stale')
    expect(await withWriteLock(folder, { command, waitMs: 0 }, async ({ tookOver }) => tookOver)).toBe(true)
    expect(readdirSync(folder)).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')('sees through a number that another process has now', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, writeLockName), lockText({ started: '12345' }))
    expect(await withWriteLock(folder, { command, waitMs: 0 }, async ({ tookOver }) => tookOver)).toBe(true)
    writeFileSync(
      join(folder, writeLockName),
      lockText({ machine: `another-boot ${thisMachine().split(' ')[1]}`, started: thisProcess().started }),
    )
    expect(await withWriteLock(folder, { command, waitMs: 0 }, async ({ tookOver }) => tookOver)).toBe(true)
  })

  test('of another machine, and of another container, is respected', async () => {
    const folder = temporaryFolder()
    const path = join(folder, writeLockName)
    for (const over of [{ host: 'elsewhere' }, { machine: `${thisMachine().split(' ')[0]} pid:[1]` }]) {
      writeFileSync(path, lockText({ ...over, pid: endedPid() }))
      await expect(withWriteLock(folder, { command, waitMs: 0 }, async () => {})).rejects.toThrow(
        /^'volo update' \(process \d+ on .*, since 2026-01-02T03:04:05.000Z\) is writing this project$/,
      )
    }
  })

  test('without content is waited for, and taken over when its writer is long gone', async () => {
    const folder = temporaryFolder()
    const path = join(folder, writeLockName)
    for (const text of ['', '{"pid":', '{"pid":1,"nonce":"../../../../etc/x","command":"c"}', '[]', 'null']) {
      writeFileSync(path, text)
      await expect(withWriteLock(folder, { command, waitMs: 0 }, async () => {})).rejects.toThrow(
        'another volo command is writing this project',
      )
      utimesSync(path, new Date(0), new Date(0))
      expect(await withWriteLock(folder, { command, waitMs: 0 }, async ({ tookOver }) => tookOver)).toBe(true)
      expect(readdirSync(folder)).toEqual([])
    }
  })

  test('whose breaking was killed as well is taken over', async () => {
    const folder = temporaryFolder()
    const pid = endedPid()
    writeFileSync(join(folder, writeLockName), lockText({ pid, started: '1' }))
    writeFileSync(
      join(folder, `${writeLockName}.0123456789abcdef`),
      lockText({ pid, started: '1', nonce: 'fedcba9876543210' }),
    )
    expect(await withWriteLock(folder, { command, waitMs: 0 }, async ({ tookOver }) => tookOver)).toBe(true)
    expect(readdirSync(folder)).toEqual([])
  })

  test('ends its waiting when the command is stopped', async () => {
    const folder = temporaryFolder()
    const stop = new AbortController()
    await withWriteLock(folder, { command }, async () => {
      const waiting = withWriteLock(
        folder,
        { command, waitMs: 60_000, signal: stop.signal, onWait: () => stop.abort() },
        async () => {},
      )
      await expect(waiting).rejects.toThrow('stopped')
    })
  })

  test('that somebody else has taken meanwhile is not released', async () => {
    const folder = temporaryFolder()
    await withWriteLock(folder, { command }, async () =>
      writeFileSync(join(folder, writeLockName), lockText({ host: 'elsewhere' })),
    )
    expect(readdirSync(folder)).toEqual([writeLockName])
  })

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'is done without where the folder may not be written',
    async () => {
      const folder = temporaryFolder()
      chmodSync(folder, 0o555)
      expect(await withWriteLock(folder, { command }, async () => readdirSync(folder))).toEqual([])
      chmodSync(folder, 0o755)
    },
  )

  test('where there is no folder says so', async () => {
    await expect(withWriteLock(join(temporaryFolder(), 'gone'), { command }, async () => {})).rejects.toThrow(
      /^cannot write .*: it does not exist$/,
    )
  })
})
