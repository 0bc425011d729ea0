import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import type { Layer } from '../../../src/runtime/core/layer.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { appendMetainfo, metainfoPrefix, readMetainfo } from '../../../src/runtime/grpc/metainfo.ts'
import { onCleanup } from '../../support/cleanup.ts'
import { Echo, serveEcho } from './echo.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('metainfo as header fields', () => {
  it('is written as Volo writes it', () => {
    const headers: string[] = []
    appendMetainfo(headers, metainfoPrefix.persistent, new Map([['USER_ID', '7']]))
    appendMetainfo(headers, metainfoPrefix.transient, new Map([['TRACE', ' a b ']]))
    expect(headers).toEqual(['rpc-persist-user-id', '7', 'rpc-transit-trace', 'a b'])
  })

  it('comes back as it was', () => {
    const entries = fc.dictionary(fc.stringMatching(/^[0-9A-Z_.]{1,10}$/), fc.stringMatching(/^[!-~]{0,10}$/))
    fc.assert(
      fc.property(entries, entries, (persistent, transient) => {
        const headers: string[] = []
        appendMetainfo(headers, metainfoPrefix.persistent, new Map(Object.entries(persistent)))
        appendMetainfo(headers, metainfoPrefix.transient, new Map(Object.entries(transient)))
        const read = readMetainfo(headers)
        expect(Object.fromEntries(read?.persistent ?? [])).toEqual({ ...persistent })
        expect(Object.fromEntries(read?.transient ?? [])).toEqual({ ...transient })
      }),
    )
  })

  it.each([
    ['user_id', 'USER_ID'],
    ['K-ID', 'K_ID'],
  ])('writes the key %j as Go does, so that it arrives as %j, with one warning', (key, arrived) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const headers: string[] = []
    for (let i = 0; i < 3; i++) appendMetainfo(headers, metainfoPrefix.persistent, new Map([[key, '1']]))
    expect([...(readMetainfo(headers)?.persistent ?? [])]).toEqual([[arrived, '1']])
    expect(warn.mock.calls).toEqual([[`volo: the metainfo "${key}" arrives as "${arrived}" over gRPC`]])
  })

  it.each(['ÄRGER', '', 'A B', 'A\nB'])('leaves the key %j out, with one warning', (key) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const headers: string[] = []
    for (let i = 0; i < 3; i++) appendMetainfo(headers, metainfoPrefix.transient, new Map([[key, '1']]))
    expect(headers).toEqual([])
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]![0]).toContain(`the metainfo ${JSON.stringify(key)} is left out over gRPC`)
  })

  it('leaves a value out that no header carries, with one warning', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const headers: string[] = []
    for (const value of ['ü', 'a\nb', 'c'])
      appendMetainfo(headers, metainfoPrefix.backward, new Map([['VALUE', value]]))
    expect(headers).toEqual(['rpc-backward-value', 'c'])
    expect(warn.mock.calls).toEqual([['volo: the metainfo "VALUE" is left out over gRPC: no header can carry it']])
  })

  it('fails no call, in either direction and on the way through', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const seen: unknown[] = []
    const last = await serveEcho({
      unary(note, cx) {
        seen.push([...cx.metainfo.persistent].sort())
        cx.metainfo.backward.set('back', '1').set('RÜCK', '2').set('OTHER', 'ü')
        return note
      },
    })
    onCleanup(() => last.close())
    const onward = grpc(last.address)
    onCleanup(() => onward.close({ drainMs: 0 }))
    const middle = await serveEcho({ unary: (note, cx) => createClient(Echo, onward).unary(note, { parent: cx }) })
    onCleanup(() => middle.close())
    const transport = grpc(middle.address)
    onCleanup(() => transport.close({ drainMs: 0 }))
    const persistent = { lower: '1', 'K-ID': '2', Ü: '3', VALUE: 'ü', FINE: '4' }
    const backward: unknown[] = []
    const layer: Layer = (next) => async (cx, request) => {
      const answer = await next(cx, request)
      backward.push(...cx.metainfo.backward)
      return answer
    }
    await createClient(Echo, transport, { layers: [layer] }).unary({}, { metainfo: { persistent } })
    await createClient(Echo, onward, { layers: [layer] }).unary({}, { metainfo: { persistent } })
    const arrived = [
      ['FINE', '4'],
      ['K_ID', '2'],
      ['LOWER', '1'],
    ]
    expect(seen).toEqual([arrived, arrived])
    expect(backward).toEqual([['BACK', '1']])
  })
})
