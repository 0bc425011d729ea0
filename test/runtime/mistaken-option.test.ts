/** Options that there are not, and numbers that came as text, are refused by every maker of a layer or a transport. */

import { describe, expect, it } from 'vitest'
import { balance } from '../../src/runtime/balance/balance.ts'
import { createRouter } from '../../src/runtime/core/server/router.ts'
import { staticInstances } from '../../src/runtime/discovery/static-instances.ts'
import { grpc } from '../../src/runtime/grpc/client/transport.ts'
import { inProcess } from '../../src/runtime/inproc/direct.ts'
import { threads } from '../../src/runtime/inproc/thread/threads.ts'
import { accessLog } from '../../src/runtime/middleware/access-log.ts'
import { adaptiveLimit } from '../../src/runtime/middleware/adaptive-limit.ts'
import { circuitBreaker } from '../../src/runtime/middleware/circuit-breaker.ts'
import { concurrencyLimit } from '../../src/runtime/middleware/concurrency-limit.ts'
import { rateLimit } from '../../src/runtime/middleware/rate-limit.ts'
import { retry } from '../../src/runtime/middleware/retry.ts'
import { timeout } from '../../src/runtime/middleware/timeout.ts'
import { Server } from '../../src/runtime/serve/server.ts'
import { telemetry } from '../../src/runtime/telemetry/opentelemetry/telemetry.ts'
import { prometheus } from '../../src/runtime/telemetry/prometheus/prometheus.ts'
import { thrift } from '../../src/runtime/thrift/client/transport.ts'

/** Each maker with what it needs, and one of its numbers. */
const makers: Record<string, [make: (options: never) => unknown, number?: string]> = {
  Server: [(options) => new Server(options), 'drainMs'],
  'grpc()': [(options) => grpc('a:1', options), 'connectTimeoutMs'],
  'thrift()': [(options) => thrift('a:1', options), 'connectTimeoutMs'],
  inProcess: [(options) => inProcess(createRouter(), options)],
  threads: [(options) => threads(new URL('file:///none.js'), options), 'graceMs'],
  balance: [
    (options) => balance(staticInstances(['a:1']), { connect: () => grpc('a:1'), ...(options as object) }),
    'drainMs',
  ],
  accessLog: [accessLog, 'sample'],
  adaptiveLimit: [adaptiveLimit, 'max'],
  circuitBreaker: [circuitBreaker, 'openMs'],
  concurrencyLimit: [(options) => concurrencyLimit(1, options), 'queue'],
  rateLimit: [(options) => rateLimit({ perSecond: 1, ...(options as object) }), 'burst'],
  retry: [retry, 'attempts'],
  telemetry: [telemetry, 'maxMethods'],
  prometheus: [prometheus, 'maxMethods'],
}

describe.each(Object.entries(makers))('%s', (owner, [make, number]) => {
  it('refuses an option that there is not, and names those that there are', () => {
    expect(() => make({ wrongName: 1 } as never)).toThrow(TypeError)
    expect(() => make({ wrongName: 1 } as never)).toThrow(`${owner}: there is no option wrongName; there are `)
  })

  it.skipIf(number === undefined)('refuses a number that is text', () => {
    expect(() => make({ [number!]: '500' } as never)).toThrow(RangeError)
    expect(() => make({ [number!]: '500' } as never)).toThrow(`${number} is "500", not a`)
  })
})

it('numbers that are arguments are numbers, too', () => {
  expect(() => timeout('500' as never)).toThrow(RangeError)
  expect(() => concurrencyLimit('5' as never)).toThrow(RangeError)
  expect(() => inProcess(createRouter(), { concurrency: '5' as never })).toThrow(RangeError)
  expect(() => threads(new URL('file:///none.js'), { size: '2' as never })).toThrow(RangeError)
  expect(() => retry({ backoff: { initialMs: '5' as never } })).toThrow('retry: backoff.initialMs is "5", not a number')
})
