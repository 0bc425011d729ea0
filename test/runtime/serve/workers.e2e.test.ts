import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect as netConnect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { CallOptions } from '../../../src/runtime/core/client/call-options.ts'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { ServiceType } from '../../../src/runtime/core/service-type.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { runWorkers } from '../../../src/runtime/serve/workers.ts'
import { type ThriftOptions, thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { type Built, buildProgram } from './workers/build.ts'

interface HelloClient {
  who(delayMs: number, options?: CallOptions): Promise<string>
}
interface GreeterClient {
  who(request: { delayMs: number }, options?: CallOptions): Promise<{ text: string }>
}
type Line = { readonly kind: string; readonly pid: number; readonly [key: string]: unknown }

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let built: Built
let Hello: ServiceType<HelloClient>
let Greeter: ServiceType<GreeterClient>
let versionFile: string

beforeAll(async () => {
  built = await buildProgram()
  versionFile = join(built.folder, 'version')
  ;({ Hello, Greeter } = await import(built.services))
})
afterAll(() => rmSync(built.folder, { recursive: true, force: true }))

/** The program, and what it has said. */
class Program {
  readonly lines: Line[] = []
  readonly child: ChildProcess
  readonly exited: Promise<unknown[]>

  /** `files`: how many open files the process may have. */
  constructor(workers: number, address = '127.0.0.1:0', files?: number) {
    const args = [built.program, address, String(workers), versionFile]
    const [command, words] =
      files === undefined
        ? [process.execPath, args]
        : ['sh', ['-c', `ulimit -n ${files}; exec "$0" "$@"`, process.execPath, ...args]]
    this.child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.exited = once(this.child, 'exit')
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.lines.push(JSON.parse(line) as Line))
    onCleanup(async () => {
      this.child.kill('SIGKILL')
      await this.exited
    })
  }

  of(kind: string): Line[] {
    return this.lines.filter((line) => line.kind === kind)
  }

  /** Waits for that many lines of a kind. */
  async heard(kind: string, count: number): Promise<void> {
    await expect.poll(() => this.of(kind).length, { timeout: 30_000, interval: 10 }).toBeGreaterThanOrEqual(count)
  }

  get port(): number {
    return this.of('listening')[0]?.['port'] as number
  }
}

async function start(workers: number, version = 'one'): Promise<Program> {
  writeFileSync(versionFile, version)
  const program = new Program(workers)
  await program.heard(workers === 0 ? 'listening' : 'ready', Math.max(1, workers))
  return program
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function thriftClient(port: number, options: ThriftOptions = {}): (delayMs: number) => Promise<string> {
  const wire = thrift(`127.0.0.1:${port}`, options)
  onCleanup(() => wire.close({ drainMs: 0 }))
  const client = createClient(Hello, wire, { timeoutMs: 30_000 })
  return (delayMs) => client.who(delayMs)
}

function grpcClient(port: number): (delayMs: number) => Promise<string> {
  const wire = grpc(`127.0.0.1:${port}`)
  onCleanup(() => wire.close({ drainMs: 0 }))
  const client = createClient(Greeter, wire, { timeoutMs: 30_000 })
  return async (delayMs) => (await client.who({ delayMs })).text
}

describe('runWorkers', () => {
  it('serves one port from several processes', async () => {
    const program = await start(3)
    expect(new Set(program.of('listening').map(({ port }) => port)).size).toBe(1)
    expect(program.of('listening').map(({ place }) => place)).toEqual(expect.arrayContaining([0, 1, 2]))
    const answers = await Promise.all(Array.from({ length: 6 }, () => thriftClient(program.port)(0)))
    expect(new Set(answers).size).toBe(3)
    program.child.kill('SIGTERM')
    expect(await program.exited).toEqual([0, null])
    // Every worker and the first process have come to the end of the program.
    expect(program.of('done')).toHaveLength(4)
  })

  it('replaces a worker whose service closed by itself, and ends where there is none', async () => {
    const program = await start(2)
    await thriftClient(program.port)(-2)
    await program.heard('ready', 3)
    program.child.kill('SIGTERM')
    expect(await program.exited).toEqual([0, null])
    const alone = await start(0)
    await thriftClient(alone.port)(-2)
    expect(await alone.exited).toEqual([0, null])
    expect(alone.of('done')).toHaveLength(1)
  })

  it('exchanges all workers on SIGHUP without losing a call, over Thrift and gRPC', async () => {
    const program = await start(2)
    const { port } = program
    const callers = [
      thriftClient(port),
      thriftClient(port, { connections: 'multiplexed' }),
      ...Array.from({ length: 3 }, () => thriftClient(port, { connections: 'pool' })),
      grpcClient(port),
      grpcClient(port),
    ]
    const failures: unknown[] = []
    const answers: string[] = []
    let over = false
    const loops = callers.flatMap((caller) =>
      [0, 1, 5].map(async (delayMs) => {
        while (!over) {
          await caller(delayMs).then(
            (answer) => answers.push(answer),
            (error: unknown) => failures.push(error),
          )
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      }),
    )
    const old = program.of('listening').map(({ pid }) => pid)
    await expect.poll(() => new Set(answers).size).toBe(2)
    for (const version of ['two', 'three']) {
      const before = program.of('ready').length
      writeFileSync(versionFile, version)
      program.child.kill('SIGHUP')
      await program.heard('ready', before + 2)
      await program.heard('done', before)
    }
    answers.length = 0
    await expect.poll(() => answers.length).toBeGreaterThan(100)
    over = true
    await Promise.all(loops)
    expect(failures).toEqual([])
    expect(answers.filter((answer) => !answer.endsWith(' three'))).toEqual([])
    expect(old.filter(isAlive)).toEqual([])
    expect(program.of('ended')).toEqual([])
  })

  it('replaces a worker that dies', async () => {
    const program = await start(2)
    const call = thriftClient(program.port)
    const [pid] = (await call(0)).split(' ')
    await expect(call(-1)).rejects.toMatchObject({ code: 'UNAVAILABLE', bytesSent: true })
    await program.heard('ready', 3)
    expect(program.of('ended')).toMatchObject([{ worker: Number(pid), reason: 'ended with code 3' }])
    process.kill(program.of('ready').at(-1)?.['worker'] as number, 'SIGKILL')
    await program.heard('ready', 4)
    expect(program.of('ended').at(-1)).toMatchObject({ reason: 'was ended by SIGKILL' })
    // A worker that somebody stops by itself lets its calls end, and is replaced as well.
    process.kill(program.of('ready').at(-1)?.['worker'] as number, 'SIGTERM')
    await program.heard('ready', 5)
    expect(program.of('ended').at(-1)).toMatchObject({ reason: 'ended with code 0' })
    expect(await call(0)).toMatch(/^\d+ one$/)
  })

  it('keeps the old workers when the new ones cannot begin', async () => {
    const program = await start(2)
    const call = thriftClient(program.port)
    writeFileSync(versionFile, 'broken')
    program.child.kill('SIGHUP')
    await program.heard('failed', 1)
    expect(program.of('failed')).toMatchObject([{ place: 0, reason: 'broken on purpose' }])
    expect(await call(0)).toMatch(/^\d+ one$/)
    writeFileSync(versionFile, 'mended')
    program.child.kill('SIGHUP')
    // The broken one has come to its end, too.
    await program.heard('done', 3)
    expect(await call(0)).toMatch(/^\d+ mended$/)
  })

  it('lets calls end on SIGTERM, and on Ctrl-C, which every process of a terminal gets', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const program = await start(2)
      const [slow, quick] = [thriftClient(program.port), thriftClient(program.port)]
      await Promise.all([slow(0), quick(0)])
      const answer = slow(600)
      await quick(50)
      const pids = [program.child.pid as number, ...program.of('listening').map(({ pid }) => pid)]
      for (const pid of signal === 'SIGINT' ? pids : [pids[0] as number]) process.kill(pid, signal)
      expect(await answer).toMatch(/ one$/)
      expect(await program.exited).toEqual([0, null])
      expect(pids.filter(isAlive)).toEqual([])
    }
  })

  it('stops while a new worker is only loading its code', async () => {
    const program = await start(1)
    writeFileSync(versionFile, 'slow to load')
    program.child.kill('SIGHUP')
    await program.heard('loading', 1)
    program.child.kill('SIGTERM')
    expect(await program.exited).toEqual([0, null])
    expect(program.of('killed')).toEqual([])
    expect(program.of('done')).toHaveLength(3)
  })

  it('kills workers that are still busy at a second signal', async () => {
    const program = await start(1)
    const stuck = expect(thriftClient(program.port)(30_000)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const quick = thriftClient(program.port)
    await quick(20)
    program.child.kill('SIGTERM')
    await expect.poll(() => quick(0).then(String, (error) => error.code)).toBe('UNAVAILABLE')
    program.child.kill('SIGTERM')
    await stuck
    expect(await program.exited).toEqual([0, null])
  })

  it('ends workers, after their calls, when the first process is gone', async () => {
    const program = await start(2)
    const call = thriftClient(program.port)
    await call(0)
    const answer = call(300)
    await new Promise((resolve) => setTimeout(resolve, 50))
    program.child.kill('SIGKILL')
    expect(await answer).toMatch(/ one$/)
    const pids = program.of('listening').map(({ pid }) => pid)
    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([])
  })

  it('fails with the error of a worker that cannot begin', async () => {
    writeFileSync(versionFile, 'broken')
    const program = new Program(2)
    expect(await program.exited).toEqual([1, null])
    await expect
      .poll(() => program.of('failed at the start'))
      .toMatchObject([{ pid: program.child.pid, code: 'FAILED_PRECONDITION', message: 'broken on purpose' }])
  })

  it('serves from the one process when it is told to start none', async () => {
    const program = await start(0)
    expect(await thriftClient(program.port)(0)).toBe(`${program.child.pid} one`)
    program.child.kill('SIGTERM')
    expect(await program.exited).toEqual([0, null])
    expect(program.of('done')).toMatchObject([{ pid: program.child.pid }])
  })

  it('refuses numbers that count no processes', async () => {
    await expect(runWorkers({ workers: Number.NaN }, () => expect.unreachable())).rejects.toThrow(RangeError)
    await expect(runWorkers({ workers: -1 }, () => expect.unreachable())).rejects.toThrow('workers: -1 is no number')
  })
})

describe.skipIf(process.platform === 'win32')('a server out of file descriptors', () => {
  it('goes on when there are some again', async () => {
    writeFileSync(versionFile, 'one')
    const program = new Program(0, '127.0.0.1:0', 40)
    await program.heard('listening', 1)
    const { port } = program
    const client = thriftClient(port)
    await client(0)
    const sockets = Array.from({ length: 60 }, () => netConnect(port, '127.0.0.1').on('error', () => {}))
    onCleanup(() => sockets.map((socket) => socket.destroy()))
    // Those for whom there is none are closed again.
    await expect.poll(() => sockets.filter(({ closed, destroyed }) => closed || destroyed).length).toBeGreaterThan(0)
    expect(await client(0)).toMatch(/ one$/)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => thriftClient(port)(0).catch(() => '')).toMatch(/ one$/)
  })
})
