import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HpackDecoder } from '../../../src/runtime/http2/hpack/decoder.ts'
import { HpackEncoder } from '../../../src/runtime/http2/hpack/encoder.ts'
import type { Http2Headers } from '../../../src/runtime/http2/sink.ts'

const any = (): undefined => undefined

function pair(): (headers: Http2Headers, more?: Http2Headers) => { read: Http2Headers; size: number } {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder(4096, 1 << 20)
  return (headers, more) => {
    encoder.encode(headers, more)
    return { read: decoder.decode(encoder.bytes, 0, encoder.length, any).headers, size: encoder.length }
  }
}

const head = [':method', 'POST', ':path', '/shop.Shop/Checkout', 'user-agent', 'test/1.0', 'te', 'trailers']

describe('HpackEncoder', () => {
  it('needs a byte per field for a list that comes again', () => {
    const send = pair()
    const sizes = [1, 2, 3, 4].map(() => {
      const { read, size } = send(head)
      expect(read).toEqual(head)
      return size
    })
    expect(sizes[0]).toBeGreaterThan(30)
    expect(sizes[2]).toBe(4)
    expect(sizes[3]).toBe(4)
  })

  it('sends a name of its own once', () => {
    const send = pair()
    const sizes = ['499m', '498m', '497m', '497m'].map((timeout) => {
      const { read, size } = send(head, ['grpc-timeout', timeout])
      expect(read).toEqual([...head, 'grpc-timeout', timeout])
      return size
    })
    expect(sizes[2]! - 4).toBeLessThan(9)
  })

  it('never lets a table keep what is secret', () => {
    const encoder = new HpackEncoder()
    for (let time = 0; time < 4; time++) encoder.encode(['authorization', 'Bearer x'], ['cookie', 'y'])
    expect(encoder.bytes[0]! >>> 4).toBe(1)
    const decoder = new HpackDecoder(0, 4096)
    expect(decoder.decode(encoder.bytes, 0, encoder.length, any).headers).toEqual([
      ...['authorization', 'Bearer x', 'cookie', 'y'],
    ])
  })

  it.each([0, 64, 128, 5_000])('follows a table of %i bytes on the other side', (limit) => {
    const encoder = new HpackEncoder()
    const decoder = new HpackDecoder(4096, 4096)
    const exchange = (): Http2Headers => {
      encoder.encode(head, ['x-a', '1'])
      return decoder.decode(encoder.bytes, 0, encoder.length, any).headers
    }
    for (let time = 0; time < 3; time++) exchange()
    encoder.limitTable(limit)
    for (let time = 0; time < 4; time++) expect(exchange()).toEqual([...head, 'x-a', '1'])
    encoder.limitTable(4096)
    for (let time = 0; time < 4; time++) expect(exchange()).toEqual([...head, 'x-a', '1'])
  })

  it.each([
    ['X-Upper', 'x'],
    ['white space', 'x'],
    ['', 'x'],
    ['x-a', 'line\nbreak'],
    ['x-a', 'zero\0'],
    ['x-a', 'snow ☃'],
    ['connection', 'close'],
  ])('refuses %j: %j, and goes on', (name, value) => {
    const send = pair()
    expect(() => send([name, value])).toThrow(TypeError)
    expect(() => send(head, [name, value])).toThrow(TypeError)
    expect(send(head).read).toEqual(head)
  })

  it('is read back by a decoder, whatever the lists and their order', () => {
    const name = fc
      .stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
      .filter((text) => text !== 'te' && !/^(?:connection|upgrade)$/.test(text))
    const value = fc.string({
      maxLength: 80,
      unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
    })
    const list = fc.array(fc.tuple(name, value), { maxLength: 6 }).map((fields) => fields.flat())
    fc.assert(
      fc.property(
        fc.array(list, { minLength: 1, maxLength: 4 }),
        fc.array(
          fc.tuple(
            fc.nat(),
            fc.option(list, { nil: undefined }),
            fc.option(fc.integer({ min: 0, max: 5000 }), { nil: undefined }),
          ),
          { maxLength: 20 },
        ),
        (kept, sends) => {
          const encoder = new HpackEncoder()
          const decoder = new HpackDecoder(4096, 1 << 20)
          for (const [index, more, limit] of sends) {
            if (limit !== undefined) encoder.limitTable(limit)
            const headers = kept[index % kept.length]!
            encoder.encode(headers, more)
            expect(decoder.decode(encoder.bytes, 0, encoder.length, any).headers).toEqual([...headers, ...(more ?? [])])
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
