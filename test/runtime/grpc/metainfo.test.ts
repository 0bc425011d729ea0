import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appendMetainfo, metainfoPrefix, readMetainfo } from '../../../src/runtime/grpc/metainfo.ts'

describe('metainfo as header fields', () => {
  it('is written as Volo writes it', () => {
    const headers: string[] = []
    appendMetainfo(headers, metainfoPrefix.persistent, new Map([['USER_ID', '7']]), 'INVALID_ARGUMENT')
    appendMetainfo(headers, metainfoPrefix.transient, new Map([['TRACE', ' a b ']]), 'INVALID_ARGUMENT')
    expect(headers).toEqual(['rpc-persist-user-id', '7', 'rpc-transit-trace', 'a b'])
  })

  it('comes back as it was', () => {
    const entries = fc.dictionary(fc.stringMatching(/^[0-9A-Z_.]{1,10}$/), fc.stringMatching(/^[!-~]{0,10}$/))
    fc.assert(
      fc.property(entries, entries, (persistent, transient) => {
        const headers: string[] = []
        appendMetainfo(headers, metainfoPrefix.persistent, new Map(Object.entries(persistent)), 'INVALID_ARGUMENT')
        appendMetainfo(headers, metainfoPrefix.transient, new Map(Object.entries(transient)), 'INVALID_ARGUMENT')
        const read = readMetainfo(headers)
        expect(Object.fromEntries(read?.persistent ?? [])).toEqual({ ...persistent })
        expect(Object.fromEntries(read?.transient ?? [])).toEqual({ ...transient })
      }),
    )
  })

  it.each(['user_id', 'USER-ID', 'ÄRGER', '', 'A B'])('refuses the key %j, which would not come back', (key) => {
    const write = (): void => appendMetainfo([], metainfoPrefix.persistent, new Map([[key, '1']]), 'INVALID_ARGUMENT')
    expect(write).toThrow(/cannot travel over gRPC/)
  })

  it('refuses a value that no header carries', () => {
    const write = (): void => appendMetainfo([], metainfoPrefix.backward, new Map([['A', 'ü']]), 'INTERNAL')
    expect(write).toThrow(/"A" cannot travel over gRPC: its value is not printable ASCII/)
  })
})
