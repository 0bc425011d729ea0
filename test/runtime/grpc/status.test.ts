import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BizError, RpcError, rpcCodes } from '../../../src/runtime/core/error.ts'
import { Metadata } from '../../../src/runtime/core/metadata.ts'
import {
  appendError,
  codeNumber,
  codeOfStatus,
  decodeStatusDetails,
  encodeStatusDetails,
  errorOfReset,
  errorOfTrailers,
} from '../../../src/runtime/grpc/status.ts'

function travel(error: unknown): RpcError | BizError | undefined {
  const headers: string[] = []
  appendError(headers, error)
  for (const text of headers) expect(text).toMatch(/^[ -~]*$/)
  return errorOfTrailers(headers)
}

describe('a status', () => {
  it('numbers the codes as gRPC does', () => {
    expect(rpcCodes.map(codeNumber)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
    expect(codeOfStatus('0')).toBe('OK')
    expect(codeOfStatus('5')).toBe('NOT_FOUND')
    for (const text of ['', '17', '-1', '05', '1.0', '99', 'OK', '1e1']) expect(codeOfStatus(text)).toBeUndefined()
  })

  it('brings an RpcError across: code, message, details, metadata', () => {
    const detail = fc.record({ typeUrl: fc.string({ unit: 'grapheme' }), value: fc.uint8Array({ maxLength: 30 }) })
    fc.assert(
      fc.property(
        fc.constantFrom(...rpcCodes),
        fc.string({ unit: 'grapheme' }),
        fc.array(detail, { maxLength: 3 }),
        (code, message, details) => {
          const metadata = new Metadata([
            ['x-a', '1'],
            ['x-b-bin', new Uint8Array([1])],
          ])
          const error = travel(new RpcError(code, message, { details, metadata })) as RpcError
          expect(error).toMatchObject({ code, message })
          expect(error.details).toEqual(details)
          expect([...(error.metadata ?? [])]).toEqual([...metadata])
        },
      ),
    )
  })

  it('brings a BizError across', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.string({ unit: 'grapheme' }),
        fc.dictionary(
          fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
          fc.string({ unit: 'grapheme' }),
        ),
        (status, message, extra) => {
          const error = travel(new BizError(status, message, extra)) as BizError
          expect(error).toBeInstanceOf(BizError)
          expect(error).toMatchObject({ status, message })
          expect({ ...error.extra }).toEqual({ ...extra })
        },
      ),
    )
  })

  it('cuts a message that no header list would carry, between characters', () => {
    const error = travel(new RpcError('INTERNAL', '车'.repeat(100_000))) as RpcError
    expect(error.message).toMatch(/^车{400,500}$/)
  })

  it('leaves details behind that no header list would carry', () => {
    const details = [{ typeUrl: 'x', value: new Uint8Array(100_000) }]
    expect(travel(new RpcError('INTERNAL', 'big', { details }))).toMatchObject({ message: 'big', details: [] })
  })

  it('says INTERNAL and nothing more for anything else that was thrown', () => {
    expect(travel(new TypeError('secret'))).toMatchObject({ code: 'INTERNAL', message: 'internal error' })
  })

  it('reads hostile trailers without a throw', () => {
    const field = fc.tuple(
      fc.constantFrom(
        'grpc-status',
        'grpc-message',
        'grpc-status-details-bin',
        'biz-status',
        'biz-message',
        'biz-extra',
        'x-a-bin',
      ),
      fc.oneof(fc.string(), fc.constantFrom('5', '0', '[]', 'null', '{"a":1}', 'AAAA', '2147483648')),
    )
    fc.assert(fc.property(fc.array(field), (fields) => void errorOfTrailers(fields.flat())))
  })

  it('writes google.rpc.Status, and skips what it does not know in one', () => {
    const details = [{ typeUrl: 'a', value: new Uint8Array([9]) }]
    const bytes = encodeStatusDetails('NOT_FOUND', 'no', details)
    expect([...bytes]).toEqual([8, 5, 0x12, 2, 0x6e, 0x6f, 0x1a, 6, 0x0a, 1, 0x61, 0x12, 1, 9])
    expect(decodeStatusDetails(Buffer.concat([bytes, Buffer.from([0x78, 1])]))).toEqual(details)
  })

  it('keeps INTERNAL apart from a connection that was never made', () => {
    expect(errorOfReset({ code: undefined, message: 'gone', processed: false, sent: true })).toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: false,
    })
    expect(errorOfReset({ code: undefined, message: 'gone', processed: true, sent: true })).toMatchObject({
      code: 'UNAVAILABLE',
      bytesSent: true,
    })
    expect(errorOfReset({ code: 2, message: 'bad header', processed: false, sent: true })).toMatchObject({
      code: 'INTERNAL',
      bytesSent: false,
    })
  })
})
