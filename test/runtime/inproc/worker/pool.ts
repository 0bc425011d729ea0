/** What the thread tests share: the built worker, the generated modules, pools that are closed afterwards. */

import { afterAll, afterEach, beforeAll } from 'vitest'
import { type ClientOptions, createClient } from '../../../../src/index.ts'
import { type ThreadsOptions, type ThreadsTransport, threads } from '../../../../src/inproc.ts'
import { type GeneratedModule, generated } from '../../../support/generated.ts'
import { buildWorker, removeWorker } from './build.ts'
import { depotIdl, relayIdl } from './idl.ts'

/** A client whose types exist at run time only. */
// biome-ignore lint/suspicious/noExplicitAny: the modules are generated while the test runs.
export type AnyClient = Record<string, (...args: any[]) => any>

/** Filled before the first test. */
export const fixture: { url: URL; depot: GeneratedModule; relay: GeneratedModule } = {
  url: new URL('file:///'),
  depot: {},
  relay: {},
}

const pools: ThreadsTransport[] = []

/** Builds the worker before the tests of a file, and closes their pools. */
export function useWorker(): void {
  beforeAll(async () => {
    fixture.url = await buildWorker()
    fixture.depot = await generated({ 'depot.thrift': depotIdl })
    fixture.relay = await generated({ 'relay.proto': relayIdl })
  })
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close({ drainMs: 0 })))
  })
  afterAll(() => removeWorker(fixture.url))
}

/** A pool of one worker unless told otherwise; closed after the test. */
export function poolOf(options: ThreadsOptions = {}, url: string | URL = fixture.url): ThreadsTransport {
  const pool = threads(url, { size: 1, ...options })
  pools.push(pool)
  return pool
}

export function depotOver(pool: ThreadsTransport, options: ClientOptions = {}): AnyClient {
  return createClient(fixture.depot['Depot'], pool, options) as AnyClient
}

export function relayOver(pool: ThreadsTransport, options: ClientOptions = {}): AnyClient {
  return createClient(fixture.relay['Relay'], pool, options) as AnyClient
}

/** Waits until a condition holds; fails with its text after 10 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`never came true: ${condition}`)
}
