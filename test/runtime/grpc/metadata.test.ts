import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRpcError } from '../../../src/runtime/core/error.ts'
import { Metadata } from '../../../src/runtime/core/metadata.ts'
import { appendMetadata, isReservedName, readMetadata } from '../../../src/runtime/grpc/metadata.ts'

function written(metadata: Metadata): string[] {
  const headers: string[] = []
  appendMetadata(headers, metadata, 'INVALID_ARGUMENT')
  return headers
}

describe('metadata as header fields', () => {
  it('comes back as it was, in order, duplicates kept', () => {
    const name = fc
      .stringMatching(/^[a-z0-9_.-]{1,12}$/)
      .filter((text) => !text.endsWith('-bin') && !isReservedName(text) && text !== 'user-agent')
    const text = fc.tuple(
      name,
      fc.stringMatching(/^[ -~]{0,20}$/).map((value) => value.trim()),
    )
    const bytes = fc.tuple(
      name.map((prefix) => `${prefix}-bin`),
      fc.uint8Array({ maxLength: 20 }),
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(text, bytes)), (entries) => {
        const read = readMetadata(written(new Metadata(entries)))
        expect([...(read ?? [])]).toEqual(entries)
      }),
    )
  })

  it('throws RpcError and nothing else for what a peer sends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('x-a', 'x-b-bin', ':path', 'grpc-status'), fc.string())),
        (fields) => {
          try {
            readMetadata(fields.flat())
          } catch (error) {
            expect(isRpcError(error)).toBe(true)
          }
        },
      ),
    )
  })

  it('never writes what is not a header', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (name, value) => {
        let headers: string[] = []
        try {
          headers = written(new Metadata([[name, value]]))
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
        }
        if (headers.length === 0) return
        expect(headers[0]).toMatch(/^[0-9a-z_.-]+$/)
        expect(headers[1]).toMatch(/^[ -~]*$/)
      }),
    )
  })

  it('refuses reserved names, of every kind, and leaves out what each hop writes itself', () => {
    for (const name of [':path', 'te', 'content-type', 'grpc-status', 'grpc-anything', 'rpc-persist-a', 'connection']) {
      expect(() => written(new Metadata({ [name]: 'x' }))).toThrow(`metadata "${name}" is reserved`)
    }
    const metadata = new Metadata({ 'user-agent': 'x', 'x-mine': 'y', grpcurl: 'z', 'rpc-mine': 'z' })
    expect(written(metadata)).toEqual(['x-mine', 'y', 'grpcurl', 'z', 'rpc-mine', 'z'])
  })

  it('trims the white space that HTTP does not carry', () => {
    expect(written(new Metadata({ 'x-a': '  b c ' }))).toEqual(['x-a', 'b c'])
  })
})
