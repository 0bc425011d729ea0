import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generateWellKnown } from '../../../scripts/well-known.mjs'
import * as compiler from '../../../src/compiler.ts'
import { isRpcError, RpcError } from '../../../src/runtime/core/error.ts'
import { fromBinary, toBinary } from '../../../src/runtime/protobuf/bytes.ts'
import { Duration } from '../../../src/runtime/protobuf/gen/google/protobuf/duration.ts'
import { Struct, type Value } from '../../../src/runtime/protobuf/gen/google/protobuf/struct.ts'
import { Timestamp } from '../../../src/runtime/protobuf/gen/google/protobuf/timestamp.ts'
import { BadRequest } from '../../../src/runtime/protobuf/gen/google/rpc/error_details.ts'
import {
  anyIs,
  anyPack,
  anyUnpack,
  durationFromMs,
  durationToMs,
  timestampFromDate,
  timestampNow,
  timestampToDate,
} from '../../../src/runtime/protobuf/well-known.ts'

const folder = join(import.meta.dirname, '../../../src/runtime/protobuf/gen')

describe('the generated well-known types', () => {
  it('are what our compiler generates today', () => {
    const files: { path: string; text: string }[] = generateWellKnown(compiler)
    expect(files.length).toBeGreaterThan(8)
    for (const { path, text } of files) {
      expect(existsSync(join(folder, path)), `${path}: run npm run build && node scripts/generate-runtime.mjs`).toBe(
        true,
      )
      expect(readFileSync(join(folder, path), 'utf8')).toBe(text)
    }
    const present = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
    expect(present.map((path) => path.replaceAll('\\', '/')).sort()).toEqual(files.map((file) => file.path).sort())
  })

  it('describe themselves', () => {
    expect(Timestamp.schema.name).toBe('google.protobuf.Timestamp')
    expect(Timestamp.schema.fields.map((field) => field.localName)).toEqual(['seconds', 'nanos'])
    expect(BadRequest.typeName).toBe('google.rpc.BadRequest')
  })

  it('hold JSON-like data in a Struct', () => {
    const list: Value = {
      kind: { case: 'listValue', value: { values: [{ kind: { case: 'numberValue', value: 1.5 } }] } },
    }
    const value = Struct.create({ fields: { a: { kind: { case: 'boolValue', value: true } }, b: list } })
    expect(fromBinary(Struct, toBinary(Struct, value))).toEqual(value)
  })
})

describe('timestamps', () => {
  it('come from dates and go back, before 1970 too', () => {
    for (const ms of [0, 1, 999, 1000, 1700000000123, -1, -1000, -62135596800000]) {
      const timestamp = timestampFromDate(new Date(ms))
      expect(timestamp.nanos).toBeGreaterThanOrEqual(0)
      expect(timestampToDate(timestamp).getTime()).toBe(ms)
    }
    expect(timestampFromDate(new Date(-1))).toEqual({ seconds: -1n, nanos: 999_000_000 })
    expect(timestampToDate(timestampNow()).getTime()).toBeGreaterThan(1.6e12)
  })
  it('refuse an invalid Date', () => {
    expect(() => timestampFromDate(new Date(Number.NaN))).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })
})

describe('durations', () => {
  it('come from milliseconds and go back', () => {
    expect(durationFromMs(1500)).toEqual({ seconds: 1n, nanos: 500_000_000 })
    expect(durationFromMs(-1500)).toEqual({ seconds: -1n, nanos: -500_000_000 })
    expect(durationFromMs(0.25)).toEqual({ seconds: 0n, nanos: 250_000 })
    expect(durationFromMs(999.9999999)).toEqual({ seconds: 1n, nanos: 0 })
    for (const ms of [0, 1, -1, 86_400_000, 12.5]) expect(durationToMs(durationFromMs(ms))).toBe(ms)
    expect(() => durationFromMs(Infinity)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})

describe('error details', () => {
  it('travel in an RpcError as Any does', () => {
    const detail = anyPack(BadRequest, { fieldViolations: [{ field: 'sku', description: 'is empty' }] })
    const error = new RpcError('INVALID_ARGUMENT', 'no', { details: [detail] })
    expect(anyUnpack(error.details[0]!, BadRequest)?.fieldViolations[0]).toMatchObject({
      field: 'sku',
      description: 'is empty',
    })
    expect(anyUnpack(error.details[0]!, Timestamp)).toBeUndefined()
  })
})

describe('Any', () => {
  it('packs a message and unpacks it as its own type only', () => {
    const any = anyPack(Duration, durationFromMs(1500))
    expect(any.typeUrl).toBe('type.googleapis.com/google.protobuf.Duration')
    expect(anyUnpack(any, Duration)).toEqual({ seconds: 1n, nanos: 500_000_000 })
    expect(anyUnpack(any, Timestamp)).toBeUndefined()
    expect(anyIs({ typeUrl: 'example.org/x/google.protobuf.Duration', value: any.value }, Duration)).toBe(true)
    try {
      anyUnpack({ ...any, value: Uint8Array.of(0xff) }, Duration)
      expect.unreachable()
    } catch (error) {
      expect(isRpcError(error)).toBe(true)
    }
  })
})
