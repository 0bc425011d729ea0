/** A process ends by itself when nothing is under way, whatever connections it has not closed. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'tsdown'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { addHealth } from '../../../src/runtime/grpc/service/health.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, echoHandler } from '../../support/echo-service.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let folder: string

/** Node 20 reads no TypeScript. */
beforeAll(async () => {
  const here = import.meta.dirname
  mkdirSync(join(here, 'tmp'), { recursive: true })
  folder = mkdtempSync(join(here, 'tmp', 'program-'))
  await build({
    entry: [join(here, 'program.ts')],
    outDir: folder,
    config: false,
    tsconfig: false,
    dts: false,
    clean: false,
    logLevel: 'error',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    fixedExtension: true,
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the program to its end; rejects when it has to be ended. */
async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'program.mjs'), ...args], {
    timeout: 20_000,
  })
  return stdout
}

async function serve(fired: string[] = []): Promise<string> {
  const server = new Server().add(
    Echo,
    echoHandler({ fire: (text) => void fired.push(text), echo: async (text) => slowly(text) }),
  )
  addHealth(server)
  onCleanup(() => server.close({ drainMs: 0 }))
  const { port } = await server.listen('127.0.0.1:0')
  return `127.0.0.1:${port}`
}

async function slowly(text: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 300))
  return text
}

describe('a process that has called and closed nothing', () => {
  it.each([
    ['auto', {}],
    ['pool', { connections: 'pool' }],
    ['multiplexed', { connections: 'multiplexed' }],
    ['framed', { transport: 'framed' }],
    ['health checks', { connections: 'pool', healthCheck: {}, pool: { minIdle: 2 } }],
  ])('ends by itself after its calls have been answered, over Thrift (%s)', async (_way, options) => {
    expect(await run('thrift', await serve(), JSON.stringify(options))).toBe('first second\n')
  })

  it('ends by itself after its calls have been answered, over gRPC', async () => {
    expect(await run('grpc', await serve())).toBe('1\n1\n')
    expect(await run('grpc', await serve(), '{"keepalive":{"intervalMs":20,"whileIdle":true}}')).toBe('1\n1\n')
  })

  it('ends by itself after it has connected only', async () => {
    expect(await run('warm', await serve(), '{"connections":"pool"}')).toBe('')
    expect(await run('connect', await serve())).toBe('')
  })

  it('sends a oneway call first', async () => {
    const fired: string[] = []
    expect(await run('oneway', await serve(fired))).toBe('')
    await expect.poll(() => fired.map(({ length }) => length)).toEqual([1_000_000])
  })

  it('waits for a close that it awaits', async () => {
    expect(await run('closed', await serve())).toBe('1\nclosed\n')
  })
})

it('a worker of node:cluster ends by itself after closeOnSignal', async () => {
  expect(await run('cluster')).toBe('the server has closed\nthe worker ended: 0 null\n')
})

it.each(['Thrift', 'in-process'])('a transport lets calls in flight end when it is closed (%s)', async (way) => {
  const router = createRouter().add(Echo, echoHandler({ echo: async (text) => slowly(text) }))
  const wire = way === 'Thrift' ? thrift(await serve()) : inProcess(router)
  const call = createClient(Echo, wire).echo('x')
  await wire.close()
  expect(await call).toBe('x')
})
