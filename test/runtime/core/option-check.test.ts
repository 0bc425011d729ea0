import { describe, expect, it } from 'vitest'
import { atLeast, checkOptions, either, isFlag, isText } from '../../../src/runtime/core/option-check.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'

interface Options {
  readonly waitMs?: number | undefined
  readonly name?: string | false | undefined
  readonly inner?: { readonly on?: boolean | undefined } | undefined
}

const check = (options: unknown) => () =>
  checkOptions('make()', options as Options, { waitMs: atLeast(0), name: either(false, isText), inner: { on: isFlag } })

describe('options', () => {
  it('may be left out, undefined, or what they are', () => {
    for (const options of [{}, { waitMs: undefined, inner: {} }, { waitMs: 0, name: 'x', inner: { on: false } }])
      check(options)()
    check({ waitMs: Number.POSITIVE_INFINITY, name: false })()
  })

  it('are refused with their place and with what may stand there', () => {
    const refused: readonly (readonly [unknown, string])[] = [
      [{ waitMs: '5s' }, 'make(): waitMs is "5s", not a number of at least 0'],
      [{ waitMs: Number.NaN }, 'make(): waitMs is NaN, not a number of at least 0'],
      [{ waitMs: -1 }, 'make(): waitMs is -1, not a number of at least 0'],
      [{ waitMs: null }, 'make(): waitMs is null, not a number of at least 0'],
      [{ name: true }, 'make(): name is true, not false or text'],
      [{ inner: { on: 'yes' } }, 'make(): inner.on is "yes", not true or false'],
      [{ inner: { off: true } }, 'make(): there is no option inner.off; there are on'],
      [{ inner: 5 }, 'make(): inner is 5, not an object'],
      [{ wait: 5 }, 'make(): there is no option wait; there are waitMs, name, inner'],
      [{ constructor: 1 }, 'make(): there is no option constructor; there are waitMs, name, inner'],
      ['fast', 'make(): the options are "fast", not an object'],
    ]
    for (const [options, message] of refused) expect(check(options)).toThrow(message)
  })
})

describe('mistakes in options', () => {
  const port = Number('eighty')
  it.each([
    [() => thrift(':1', { connectTimeoutMs: port }), 'thrift(): connectTimeoutMs is NaN, not a number of at least 0'],
    [() => thrift(':1', { timeoutMs: 5 } as object), 'thrift(): there is no option timeoutMs; there are transport,'],
    [() => thrift(':1', { protocol: 'json' as 'binary' }), 'thrift(): protocol is "json", not one of binary, compact'],
    [() => thrift(':1', { pool: { maxTotal: 0 } }), 'thrift(): pool.maxTotal is 0, not a number of at least 1'],
    [() => grpc(':1', { maxReceiveBytes: '4MB' as unknown as number }), 'grpc(): maxReceiveBytes is "4MB"'],
    [
      () => grpc(':1', { keepalive: { intervalMs: -3 } }),
      'grpc(): keepalive.intervalMs is -3, not a number of at least 1',
    ],
    [() => grpc(':1', { 'grpc.keepalive_time_ms': 1 } as object), 'grpc(): there is no option grpc.keepalive_time_ms;'],
    [() => new Server({ limits: { maxConnections: port } }), 'Server: limits.maxConnections is NaN'],
    [() => new Server({ grpc: { maxAgeMs: -1 } }), 'Server: grpc.maxAgeMs is -1, not a number of at least 0'],
    [() => new Server({ port: 8080 } as object), 'Server: there is no option port; there are layers,'],
    [() => new Server({ layers: [undefined as never] }), 'Server: layers is an array, not an array of functions'],
  ])('%s', (make, message) => {
    expect(make).toThrow(message)
  })

  it.each([
    [{ cert: 'server.pem', key: 'server.key' }, 'the TLS cert is not PEM text; a file is { file: "server.pem" }'],
    [{ cert: { file: '/nowhere.pem' }, key: '' }, 'cannot read the TLS cert file /nowhere.pem'],
    [{ cert: '-----BEGIN CERTIFICATE-----\nx', key: '-----BEGIN KEY-----' }, 'of the server cannot be used: error:'],
  ])('%j', (tls, message) => {
    expect(() => new Server({ tls })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )
  })

  it('says nothing of a key that is no PEM text', () => {
    expect(() => new Server({ tls: { cert: '-----BEGIN CERTIFICATE-----', key: 'MIGHAgEAMBMG' } })).toThrow(
      /the TLS key is not PEM text$/,
    )
  })
})
