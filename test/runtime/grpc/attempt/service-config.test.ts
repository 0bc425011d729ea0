import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRpcError } from '../../../../src/runtime/core/error.ts'
import { readServiceConfig, type ServiceConfigInit } from '../../../../src/runtime/grpc/attempt/service-config.ts'
import { Echo } from '../echo.ts'

const [unary, collect] = Echo.methods as [(typeof Echo.methods)[0], (typeof Echo.methods)[0]]
const retryPolicy = {
  maxAttempts: 4,
  initialBackoff: '.1s',
  maxBackoff: '1s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE' as const, 10],
}

function withMethod(config: object): ServiceConfigInit {
  return { methodConfig: [{ name: [{}], ...config }] }
}

describe('a service config', () => {
  it('says most about the method itself, then about its service, then about all', () => {
    const config = readServiceConfig({
      methodConfig: [
        { name: [{}], timeout: '1s' },
        { name: [{ service: 'test.Echo' }], timeout: '2s', waitForReady: true },
        { name: [{ service: 'test.Echo', method: 'Unary' }, { service: 'other.Service' }], timeout: '3.5s' },
      ],
    })
    expect(config.of(Echo, unary)).toMatchObject({ timeoutMs: 3_500, waitForReady: undefined })
    expect(config.of(Echo, collect)).toMatchObject({ timeoutMs: 2_000, waitForReady: true })
    expect(config.of({ ...Echo, fullName: 'test.None' }, unary)).toMatchObject({ timeoutMs: 1_000 })
    expect(readServiceConfig(undefined).of(Echo, unary)).toBeUndefined()
  })

  it('is read from JSON, in both of the spellings of protobuf, and ignores what it does not know', () => {
    const config = readServiceConfig(`{
      "loadBalancingConfig": [{ "round_robin": {} }],
      "method_config": [{
        "name": [{ "service": "test.Echo", "method": null }],
        "max_request_message_bytes": "1000", "maxResponseMessageBytes": 2000,
        "retryPolicy": { "maxAttempts": 9, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 1.5,
          "retryableStatusCodes": ["UNAVAILABLE", 10], "newer": true }
      }],
      "retryThrottling": { "maxTokens": 10, "tokenRatio": 0.1239 }
    }`)
    expect(config.retryThrottling).toEqual({ maxTokens: 10, tokenRatio: 0.123 })
    expect(config.of(Echo, unary)).toEqual({
      timeoutMs: undefined,
      waitForReady: undefined,
      maxRequestMessageBytes: 1000,
      maxResponseMessageBytes: 2000,
      hedgingPolicy: undefined,
      retryPolicy: {
        maxAttempts: 5,
        initialBackoffMs: 100,
        maxBackoffMs: 1_000,
        backoffMultiplier: 1.5,
        retryableStatusCodes: new Set(['UNAVAILABLE', 'ABORTED']),
      },
    })
  })

  it('reads a hedging policy with its defaults', () => {
    const config = readServiceConfig(withMethod({ hedgingPolicy: { maxAttempts: 3 } }))
    expect(config.of(Echo, unary)?.hedgingPolicy).toEqual({
      maxAttempts: 3,
      hedgingDelayMs: 0,
      nonFatalStatusCodes: new Set(),
    })
  })

  it.each<[string, unknown]>([
    ['not JSON', '{'],
    ['it must be an object, not [1]', [1]],
    ['methodConfig must be a list, not {}', { methodConfig: {} }],
    ['methodConfig[0] must be an object, not 7', { methodConfig: [7] }],
    ['methodConfig[0].name[0] names a method without its service', { methodConfig: [{ name: [{ method: 'A' }] }] }],
    [
      'methodConfig[1].name[0] {"service":"a"} stands in more than one methodConfig',
      { methodConfig: [{ name: [{ service: 'a' }] }, { name: [{ service: 'a' }] }] },
    ],
    ['methodConfig[0].timeout must be a duration such as "1.5s", not "10ms"', withMethod({ timeout: '10ms' })],
    ['methodConfig[0].timeout must be a duration such as "1.5s", not "s"', withMethod({ timeout: 's' })],
    ['methodConfig[0].waitForReady must be true or false, not "yes"', withMethod({ waitForReady: 'yes' })],
    [
      'methodConfig[0].maxRequestMessageBytes must be a whole number of at least 0, not -1',
      withMethod({ maxRequestMessageBytes: -1 }),
    ],
    [
      'methodConfig[0].retryPolicy.maxAttempts must be a whole number of at least 2, not 1',
      withMethod({ retryPolicy: { ...retryPolicy, maxAttempts: 1 } }),
    ],
    [
      'methodConfig[0].retryPolicy.initialBackoff must be more than 0s',
      withMethod({ retryPolicy: { ...retryPolicy, initialBackoff: '0s' } }),
    ],
    [
      'methodConfig[0].retryPolicy.maxBackoff is missing',
      withMethod({ retryPolicy: { ...retryPolicy, maxBackoff: undefined } }),
    ],
    [
      'methodConfig[0].retryPolicy.backoffMultiplier must be a number above 0, not 0',
      withMethod({ retryPolicy: { ...retryPolicy, backoffMultiplier: 0 } }),
    ],
    [
      'methodConfig[0].retryPolicy.retryableStatusCodes is empty',
      withMethod({ retryPolicy: { ...retryPolicy, retryableStatusCodes: [] } }),
    ],
    [
      'methodConfig[0].retryPolicy.retryableStatusCodes[1] is no status code: "Unavailable"',
      withMethod({ retryPolicy: { ...retryPolicy, retryableStatusCodes: ['ABORTED', 'Unavailable'] } }),
    ],
    [
      'methodConfig[0] has a retryPolicy and a hedgingPolicy',
      withMethod({ retryPolicy, hedgingPolicy: { maxAttempts: 2 } }),
    ],
    ['retryThrottling.tokenRatio is missing', { retryThrottling: { maxTokens: 10 } }],
    [
      'retryThrottling.maxTokens is 1001, and may be 1000 at most',
      { retryThrottling: { maxTokens: 1001, tokenRatio: 1 } },
    ],
  ])('says where it is wrong: %s', (message, init) => {
    expect(() => readServiceConfig(init as ServiceConfigInit)).toThrow(`bad service config: ${message}`)
  })

  it('is read or refused with an RpcError, whatever stands in it', () => {
    const member = fc.constantFrom(
      'methodConfig',
      'name',
      'service',
      'timeout',
      'retryPolicy',
      'maxAttempts',
      'hedgingPolicy',
      'retryThrottling',
      'maxTokens',
      'retryableStatusCodes',
    )
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(1, 0, '1s', 'UNAVAILABLE', true, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(member, tie('value'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(value, (init) => {
        try {
          readServiceConfig(JSON.stringify(init))
        } catch (error) {
          expect(isRpcError(error) && error.code).toBe('INVALID_ARGUMENT')
        }
      }),
    )
  })
})
