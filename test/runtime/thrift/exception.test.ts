import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BizError, type RpcCode, RpcError, rpcCodes } from '../../../src/runtime/core/error.ts'
import {
  ApplicationException,
  ApplicationExceptionType,
  applicationError,
  bizErrorOf,
  bizErrorPairs,
  fromApplicationException,
  readApplicationException,
  toApplicationException,
  writeApplicationException,
} from '../../../src/runtime/thrift/exception.ts'
import { BinaryReader } from '../../../src/runtime/thrift/protocol/binary-reader.ts'
import { BinaryWriter } from '../../../src/runtime/thrift/protocol/binary-writer.ts'
import { malformed } from '../../../src/runtime/thrift/protocol/error.ts'

describe('an RpcError over Thrift', () => {
  it('keeps its code where the rpc-code key travels', () => {
    for (const code of rpcCodes) {
      const { type, message } = toApplicationException(new RpcError(code, 'why'))
      expect(fromApplicationException(type, message, code)).toMatchObject({ code, message: 'why' })
    }
    expect(fromApplicationException(6, '', '5')).toMatchObject({ code: 'NOT_FOUND' })
    expect(fromApplicationException(6, '', 'NO_SUCH_CODE')).toMatchObject({ code: 'INTERNAL' })
  })

  it('goes by the documented table elsewhere', () => {
    const through = (code: RpcCode): RpcCode => {
      const { type, message } = toApplicationException(new RpcError(code, ''))
      return fromApplicationException(type, message, undefined).code
    }
    const kept: readonly RpcCode[] = ['UNKNOWN', 'UNIMPLEMENTED', 'INVALID_ARGUMENT', 'INTERNAL']
    for (const code of rpcCodes) expect(through(code)).toBe(kept.includes(code) ? code : 'INTERNAL')
  })

  it('keeps every type of exception, known or not, as its cause', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.string(), (type, message) => {
        const writer = new BinaryWriter()
        writeApplicationException(writer, type, message)
        const read = readApplicationException(new BinaryReader(writer.take()))
        const error = fromApplicationException(read.type, read.message, undefined)
        expect(error.cause).toBeInstanceOf(ApplicationException)
        expect(error.cause).toMatchObject({ type, message })
        expect(toApplicationException(error)).toEqual({ type, message })
      }),
    )
  })

  it('says PROTOCOL_ERROR for bytes that were refused and INTERNAL_ERROR for what nobody expected', () => {
    expect(toApplicationException(malformed('invalid_data', 'x')).type).toBe(ApplicationExceptionType.PROTOCOL_ERROR)
    expect(toApplicationException(new TypeError('secret'))).toEqual({ type: 6, message: 'internal error' })
    expect(toApplicationException(applicationError('UNIMPLEMENTED', 20, 'who?'))).toEqual({ type: 20, message: 'who?' })
  })
})

describe('a BizError over TTHeader', () => {
  it('comes back as it went', () => {
    const values = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.string(), values, (status, message, extra) => {
        const pairs = new Map(bizErrorPairs(new BizError(status, message, { ...extra })))
        const back = bizErrorOf(pairs.get('biz-status') ?? '', pairs.get('biz-message'), pairs.get('biz-extra'))
        expect(back).toMatchObject({ status, message })
        expect({ ...back?.extra }).toEqual({ ...extra })
      }),
    )
  })

  it('is trimmed to what a key holds, between characters', () => {
    const pairs = new Map(bizErrorPairs(new BizError(1, 'é'.repeat(40_000), { k: 'x'.repeat(70_000) })))
    expect(pairs.get('biz-message')).toBe('é'.repeat(32_767))
    expect(pairs.has('biz-extra')).toBe(false)
  })

  it('is none when the status is 0 or empty, and survives an extra that is no JSON', () => {
    expect(bizErrorOf('0', 'x', undefined)).toBeUndefined()
    expect(bizErrorOf('', 'x', undefined)).toBeUndefined()
    expect(bizErrorOf('7', undefined, '{"k":')).toMatchObject({ status: 7, message: '', extra: {} })
    expect(bizErrorOf('7', 'm', '{"k":{"n":1}}')).toMatchObject({ extra: { k: '{"n":1}' } })
    expect(bizErrorOf('x', 'm', undefined)).toMatchObject({ status: -1 })
  })
})
