import { describe, expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client.ts'
import { grpc } from '../../../src/runtime/grpc/client.ts'
import { Echo, serveEcho } from './echo.ts'

describe('a gRPC client', () => {
  it('calls all four kinds of methods', async () => {
    const port = await serveEcho()
    const transport = grpc(port.address)
    const echo = createClient(Echo, transport)
    expect(await echo.unary({ text: 'hello', count: 7 })).toEqual({ text: 'hello', count: 7, data: new Uint8Array(0) })
    expect(await echo.collect([{ text: 'a' }, { text: 'b' }])).toMatchObject({ text: 'a,b', count: 2 })
    const expanded = []
    for await (const note of echo.expand({ text: 'x', count: 3 })) expanded.push(note.count)
    expect(expanded).toEqual([0, 1, 2])
    const chatted = []
    for await (const note of echo.chat([{ text: 'p' }, { text: 'q' }])) chatted.push(note.text)
    expect(chatted).toEqual(['p', 'q'])
    await transport.close()
    await port.close()
  })
})
