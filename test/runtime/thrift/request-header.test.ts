import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CallContext } from '../../../src/runtime/core/context/call-context.ts'
import { Metadata } from '../../../src/runtime/core/metadata.ts'
import type { MethodType } from '../../../src/runtime/core/service-type.ts'
import { outOfOrderFlag, RequestHeader } from '../../../src/runtime/thrift/client/request-header.ts'
import { BinaryWriter } from '../../../src/runtime/thrift/protocol/binary-writer.ts'
import { readRequestInfo } from '../../../src/runtime/thrift/server/request-info.ts'
import { decodeTtheader, endTtheader, type Ttheader } from '../../../src/runtime/thrift/ttheader.ts'
import { Echo } from '../../support/echo-service.ts'

const method = Echo.methods[0] as MethodType

interface Call {
  readonly caller: string
  readonly callee: string | undefined
  readonly timeoutMs: number | undefined
  readonly sequence: number
  readonly header: string | undefined
}

/** The header of a call, written behind other bytes. */
function written(requestHeader: RequestHeader, call: Call): Ttheader {
  const deadline = call.timeoutMs === undefined ? undefined : performance.now() + call.timeoutMs
  const cx = new CallContext('client', Echo, method, deadline)
  cx.caller = call.caller
  if (call.header !== undefined) cx.requestHeadersIfAny = new Metadata({ 'x-id': call.header })
  const writer = new BinaryWriter()
  writer.raw(new Uint8Array(3))
  const begin = requestHeader.begin(writer, cx, call.sequence)
  expect(begin).toBe(3)
  writer.raw(new Uint8Array([0x80, 1, 2, 3]))
  endTtheader(writer, begin)
  const bytes = writer.take()
  const header = decodeTtheader(bytes, begin, bytes.length)
  expect(bytes.length - header.payload).toBe(4)
  return header
}

describe('RequestHeader', () => {
  it('says the same whether it was laid out before or not', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 12 })
    const calls = fc.record({
      caller: name,
      callee: fc.option(name, { nil: undefined }),
      timeoutMs: fc.option(fc.integer({ min: 1_000, max: 10_000_000 }), { nil: undefined }),
      sequence: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      header: fc.option(name, { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(calls, { minLength: 1, maxLength: 4 }), (several) => {
        const callee = several[0]?.callee
        const requestHeader = new RequestHeader(Echo, method, { caller: 'transport', callee })
        for (const call of several) {
          const header = written(requestHeader, call)
          expect(header).toMatchObject({
            sequence: call.sequence,
            flags: outOfOrderFlag,
            protocol: 0,
          })
          const info = readRequestInfo(header)
          expect(info).toMatchObject({ idlService: 'Echo', callee: callee ?? 'Echo' })
          expect(info.call.caller).toBe(call.caller === '' ? 'transport' : call.caller)
          expect(info.call.requestHeaders?.get('x-id')).toBe(call.header)
          expect(header.ints).toContainEqual([9, 'echo'])
          const timeout = header.ints.find(([key]) => key === 12)?.[1]
          expect(timeout === undefined).toBe(call.timeoutMs === undefined)
          if (call.timeoutMs === undefined) continue
          expect(Number(timeout)).toBeLessThanOrEqual(call.timeoutMs)
          expect(Number(timeout)).toBeGreaterThan(0)
        }
      }),
    )
  })

  it('never says that no time is left', () => {
    const requestHeader = new RequestHeader(Echo, method, { caller: '', callee: undefined })
    const call = { caller: '', callee: undefined, timeoutMs: -5, sequence: 1, header: undefined }
    expect(written(requestHeader, call).ints).toContainEqual([12, '1'])
  })
})

describe('readRequestInfo', () => {
  const header = (part: Partial<Ttheader>): Ttheader => ({
    flags: 0,
    sequence: 1,
    protocol: 0,
    ints: [],
    strings: [],
    aclToken: undefined,
    payload: 0,
    ...part,
  })

  it('keeps what it does not know', () => {
    const ints = [
      [2, 'log'],
      [10, 'boe'],
      [21, 'stress'],
      [999, 'new'],
    ] as const
    const info = readRequestInfo(header({ ints, strings: [['K_ProcessAtTime', '1']] }))
    expect(info.ints).toBe(ints)
    expect([...(info.call.requestHeaders ?? [])]).toEqual([['k_processattime', '1']])
  })

  it('takes 0, a negative and what is no number for no deadline', () => {
    for (const value of ['0', '-1', 'x', '']) {
      expect(readRequestInfo(header({ ints: [[12, value]] })).call.deadline).toBeUndefined()
    }
    expect(readRequestInfo(header({ ints: [[12, '1000']] })).call.deadline).toBeGreaterThan(performance.now())
  })
})
