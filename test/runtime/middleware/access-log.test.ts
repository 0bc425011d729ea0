import { expect, test, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { BizError, RpcError } from '../../../src/runtime/core/error.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { createRouter } from '../../../src/runtime/core/server/router.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { type AccessLogEntry, type AccessLogOptions, accessLog } from '../../../src/runtime/middleware/access-log.ts'
import { retry } from '../../../src/runtime/middleware/retry.ts'
import { Fleet, fleetHandler } from '../../support/fleet.ts'
import { all, code, rejection } from '../../support/settle.ts'
import { OutOfStock, Shop, shopHandler } from '../../support/shop.ts'

function recorder(options: AccessLogOptions = {}) {
  const lines: string[] = []
  const entries: AccessLogEntry[] = []
  const layer = accessLog({
    ...options,
    write(line, entry) {
      lines.push(line)
      entries.push(entry)
    },
  })
  return { lines, entries, layer }
}

test('writes a line per call on either side', async () => {
  const { lines, layer } = recorder()
  const router = createRouter({ layers: [layer] }).add(Shop, shopHandler())
  await createClient(Shop, inProcess(router), { layers: [layer] }).version()
  expect(lines).toEqual([
    expect.stringMatching(/^server Shop\.version unary OK \d+\.\dms inproc$/),
    expect.stringMatching(/^client Shop\.version unary OK \d+\.\dms inproc$/),
  ])
})

test('names the outcome', async () => {
  const errors = [
    new OutOfStock({ skus: [] }),
    new BizError(1, 'no\nline'),
    new RpcError('NOT_FOUND', ''),
    new TypeError('bug'),
  ]
  const { lines, entries, layer } = recorder()
  const router = createRouter({ layers: [layer], onError: () => {} }).add(
    Shop,
    shopHandler({ getProduct: () => Promise.reject(errors.shift()) }),
  )
  const shop = createClient(Shop, inProcess(router))
  for (let i = 0; i < 4; i++) await rejection(shop.getProduct('a'))
  expect(entries.map((entry) => entry.code)).toEqual(['EXCEPTION', 'BIZ', 'NOT_FOUND', 'INTERNAL'])
  expect(lines[1]).toMatch(/ BIZ \S+ inproc "no\\nline"$/)
})

test('logs a call that an inner layer refuses by a synchronous throw, on either side', async () => {
  const refuse: Layer = () => () => {
    throw new RpcError('UNAUTHENTICATED', 'no token')
  }
  const { entries, layer } = recorder()
  const router = createRouter({ layers: [layer, refuse] })
    .add(Shop, shopHandler())
    .add(Fleet, fleetHandler())
  expect(await code(createClient(Shop, inProcess(router)).version())).toBe('UNAUTHENTICATED')
  expect(await code(all(createClient(Fleet, inProcess(router)).listVehicles({})))).toBe('UNAUTHENTICATED')
  const client = createClient(Shop, shopHandler(), { layers: [layer, refuse] })
  expect(await code(client.version())).toBe('UNAUTHENTICATED')
  expect(entries.map(({ role, method, code }) => `${role} ${method} ${code}`)).toEqual([
    'server version UNAUTHENTICATED',
    'server ListVehicles UNAUTHENTICATED',
    'client version UNAUTHENTICATED',
  ])
})

test('logs a call that ended early at once, though nobody ever answers it, and once', async () => {
  const { entries, layer } = recorder()
  const router = createRouter({ layers: [layer] }).add(Shop, shopHandler({ version: () => new Promise(() => {}) }))
  expect(await code(createClient(Shop, inProcess(router), { layers: [layer] }).version({ timeoutMs: 5 }))).toBe(
    'DEADLINE_EXCEEDED',
  )
  expect(entries.map((entry) => [entry.role, entry.code]).sort()).toEqual([
    ['client', 'DEADLINE_EXCEEDED'],
    ['server', 'DEADLINE_EXCEEDED'],
  ])
})

test('logs streams at their end, with the number of messages', async () => {
  const { lines, entries, layer } = recorder()
  const router = createRouter({ layers: [layer], onError: () => {} }).add(
    Fleet,
    fleetHandler({
      async *dispatching() {
        yield {}
        throw new Error('bug')
      },
    }),
  )
  const fleet = createClient(Fleet, inProcess(router))
  const reader = fleet.listVehicles({ capacity: 2 })[Symbol.asyncIterator]()
  await reader.next()
  expect(lines).toEqual([])
  await reader.next()
  await reader.next()
  expect(lines[0]).toMatch(/^server fleet\.v1\.Fleet\.ListVehicles server_streaming OK \S+ inproc 2 messages$/)
  for await (const _ of fleet.listVehicles({ capacity: 5 })) break
  await rejection(all(fleet.dispatching([])))
  expect(entries.map(({ code, messages }) => [code, messages])).toEqual([
    ['OK', 2],
    ['CANCELLED', expect.any(Number)],
    ['INTERNAL', 1],
  ])
})

test('writes JSON on request, with its own clock, and to the console by default', async () => {
  const { lines, layer } = recorder({ format: 'json', now: () => 0 })
  await createClient(Shop, shopHandler(), { layers: [layer] }).version()
  expect(JSON.parse(lines[0]!)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    role: 'client',
    service: 'Shop',
    method: 'version',
    kind: 'unary',
    code: 'OK',
    ms: expect.any(Number),
    peer: 'inproc',
  })
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await createClient(Shop, shopHandler(), { layers: [accessLog()] }).version()
  expect(log).toHaveBeenCalledOnce()
  log.mockRestore()
})

test('names the trace, the attempt and the headers that were asked for, and redacts secrets', async () => {
  const { lines, entries, layer } = recorder({ headers: ['Tenant', 'Authorization', 'missing'] })
  let calls = 0
  const router = createRouter({ onError: () => {} }).add(
    Shop,
    shopHandler({
      version() {
        if (++calls === 1) throw new RpcError('UNAVAILABLE', 'later')
        return '1'
      },
    }),
  )
  const layers = [retry({ idempotent: true, backoff: { initialMs: 0 } }), layer]
  const shop = createClient(Shop, inProcess(router), { layers })
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`
  await shop.version({ metadata: { traceparent, tenant: 'blue', authorization: 'Bearer secret' } })
  const headers = { tenant: 'blue', authorization: '[redacted]' }
  expect(entries).toMatchObject([
    { traceId, spanId: 'b7ad6b7169203331', headers, code: 'UNAVAILABLE' },
    { traceId, spanId: 'b7ad6b7169203331', headers, code: 'OK', attempt: 2 },
  ])
  expect(lines[1]).toContain(`attempt 2 trace ${traceId} tenant="blue" authorization="[redacted]"`)
  expect(lines.join()).not.toContain('secret')
  await shop.version({ metainfo: { transient: { traceparent } } })
  expect(entries[2]).toMatchObject({ traceId })
})

test('writes to loggers with levels, as pino, winston and console have them', async () => {
  const told: unknown[][] = []
  const level =
    (name: string) =>
    (...args: unknown[]): void => {
      told.push([name, ...args])
    }
  const logger = { info: level('info'), warn: level('warn'), error: level('error') }
  const failures: unknown[] = [
    new BizError(1, 'no'),
    new RpcError('NOT_FOUND', 'gone'),
    new RpcError('INTERNAL', 'broken'),
  ]
  const failing: Layer = (next) => (cx, request) =>
    failures.length > 0 ? Promise.reject(failures.shift()) : next(cx, request)
  const shop = createClient(Shop, shopHandler(), { layers: [accessLog({ logger }), failing] })
  for (let i = 0; i < 3; i++) await rejection(shop.version())
  await shop.version()
  expect(told.map(([name]) => name)).toEqual(['info', 'warn', 'error', 'info'])
  expect(told[1]![1]).toMatch(/^client Shop\.version unary NOT_FOUND /)
  expect(told[1]![2]).toMatchObject({ service: 'Shop', code: 'NOT_FOUND', err: { message: 'gone' } })
  const pino = { ...logger, bindings: () => ({}) }
  await createClient(Shop, shopHandler(), { layers: [accessLog({ logger: pino })] }).version()
  expect(told[4]![1]).toMatchObject({ code: 'OK' })
  expect(told[4]![2]).toMatch(/^client Shop\.version unary OK /)
})

test('samples successful calls, and never failures', async () => {
  const { entries, layer } = recorder({ sample: 0 })
  const shop = createClient(Shop, shopHandler({ getProduct: () => Promise.reject(new RpcError('NOT_FOUND', 'no')) }), {
    layers: [layer],
  })
  await shop.version()
  await rejection(shop.getProduct('a'))
  expect(entries.map((entry) => entry.code)).toEqual(['NOT_FOUND'])
  expect(() => accessLog({ sample: 2 })).toThrow('accessLog: sample 2 is not between 0 and 1')
})
