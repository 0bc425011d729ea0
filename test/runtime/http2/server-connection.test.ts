import * as http2 from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { http2Server } from '../../../src/runtime/http2/server/connection.ts'
import type {
  Http2Accept,
  Http2Headers,
  Http2Reset,
  Http2ServerConnection,
  Http2ServerOptions,
  Http2Stream,
} from '../../../src/runtime/http2/sink.ts'
import { onCleanup } from '../../support/cleanup.ts'

interface Port {
  readonly connections: Http2ServerConnection[]
  readonly session: http2.ClientHttp2Session
}

/** Serves a socket whose first bytes have been read, as a sniffing port does. */
async function serve(
  accept: Http2Accept,
  options: Http2ServerOptions & { readonly takeFirst?: boolean } = {},
): Promise<Port> {
  const connections: Http2ServerConnection[] = []
  const sockets: Socket[] = []
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    const accepted = { socket, peer: { address: 'test', kind: 'tcp' as const }, alpn: undefined }
    socket.on('error', () => {})
    if (options.takeFirst === false) {
      connections.push(http2Server(accepted, new Uint8Array(0), accept, options))
      return
    }
    socket.once('data', (first: Buffer) => {
      socket.pause()
      connections.push(http2Server(accepted, first, accept, options))
    })
    socket.resume()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  session.on('error', () => {})
  onCleanup(
    () =>
      new Promise((resolve) => {
        session.destroy()
        for (const socket of sockets) socket.destroy()
        server.close(resolve)
      }),
  )
  return { connections, session }
}

interface Heard {
  stream: Http2Stream
  headers: Http2Headers
  end: boolean
  body: Buffer
  ended: boolean
  reset: Http2Reset | undefined
  drains: number
}

function recorder(
  heard: Heard[],
  onOpen: (heard: Heard) => void = () => {},
  onEnd: (heard: Heard) => void = () => {},
): Http2Accept {
  return (stream, headers, end) => {
    const one: Heard = { stream, headers, end, body: Buffer.alloc(0), ended: end, reset: undefined, drains: 0 }
    heard.push(one)
    onOpen(one)
    return {
      headers() {},
      data(chunk) {
        one.body = Buffer.concat([one.body, chunk])
      },
      end() {
        one.ended = true
        onEnd(one)
      },
      reset(reason) {
        one.reset = reason
      },
      drain() {
        one.drains++
      },
    }
  }
}

function ask(
  session: http2.ClientHttp2Session,
  body: Uint8Array | undefined,
): Promise<{ headers: object; trailers: object; body: string; rstCode: number }> {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'POST', ':path': '/x' }, { endStream: body === undefined })
    const answer = { headers: {}, trailers: {}, body: '', rstCode: 0 }
    stream.setEncoding('utf8')
    stream.on('response', (headers) => {
      answer.headers = { ...headers }
    })
    stream.on('trailers', (trailers) => {
      answer.trailers = { ...trailers }
    })
    stream.on('data', (chunk: string) => {
      answer.body += chunk
    })
    stream.on('error', () => {})
    stream.on('close', () => resolve({ ...answer, rstCode: stream.rstCode ?? 0 }))
    if (body !== undefined) stream.end(body)
  })
}

describe('an HTTP/2 server connection', () => {
  it.each([true, false])('takes a socket whose first bytes were read: %s', async (takeFirst) => {
    const heard: Heard[] = []
    const accept = recorder(heard, undefined, ({ stream, body }) => {
      stream.headers([':status', '200', 'x-b', '2', 'x-b', '3'], false)
      stream.write(body, false)
      stream.trailers(['x-c', '4'])
    })
    const { session } = await serve(accept, { takeFirst })
    const answer = await ask(session, Buffer.from('hello'))
    expect(answer).toMatchObject({
      headers: { ':status': 200, 'x-b': '2, 3' },
      body: 'hello',
      trailers: { 'x-c': '4' },
      rstCode: 0,
    })
    expect(heard[0]!.headers.slice(0, 2)).toEqual([':method', 'POST'])
    expect(heard[0]).toMatchObject({ ended: true, reset: undefined })
  })

  it('answers a request without a body with headers alone', async () => {
    const heard: Heard[] = []
    const { session } = await serve(recorder(heard, ({ stream }) => stream.headers([':status', '204'], true)))
    expect(await ask(session, undefined)).toMatchObject({ headers: { ':status': 204 }, body: '' })
    expect(heard[0]!.end).toBe(true)
  })

  it('stops a request that is still coming in when the response is complete', async () => {
    const heard: Heard[] = []
    const { session } = await serve(
      recorder(heard, ({ stream }) => {
        stream.headers([':status', '200'], false)
        stream.trailers(['x-done', '1'])
      }),
    )
    const stream = session.request({ ':method': 'POST', ':path': '/x' })
    stream.on('error', () => {})
    const trailers = new Promise<object>((resolve) => stream.on('trailers', resolve))
    const closed = new Promise((resolve) => stream.on('close', resolve))
    stream.resume()
    stream.write('more to come')
    expect(await trailers).toMatchObject({ 'x-done': '1' })
    await closed
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR)
  })

  it('hears of a reset with its code, and of a lost connection', async () => {
    const heard: Heard[] = []
    const { session } = await serve(recorder(heard))
    const stream = session.request({ ':method': 'POST', ':path': '/x' })
    stream.on('error', () => {})
    session.request({ ':method': 'POST', ':path': '/x' }).on('error', () => {})
    await expect.poll(() => heard.length).toBe(2)
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await expect.poll(() => heard[0]!.reset).toMatchObject({ code: 8, message: 'the stream was reset with CANCEL' })
    session.destroy()
    await expect.poll(() => heard[1]!.reset).toMatchObject({ message: expect.stringMatching(/lost|CANCEL/) })
  })

  it('resets with the code that it is told', async () => {
    const { session } = await serve(recorder([], ({ stream }) => stream.reset(11)))
    expect((await ask(session, Buffer.from('x'))).rstCode).toBe(11)
  })

  it('drains: GOAWAY at once, open streams end, then the socket closes', async () => {
    const heard: Heard[] = []
    const { session, connections } = await serve(recorder(heard))
    const answer = ask(session, Buffer.from('x'))
    await expect.poll(() => heard[0]?.ended).toBe(true)
    const goaway = new Promise((resolve) => session.once('goaway', resolve))
    let closed = false
    const drained = connections[0]!.drain().then(() => {
      closed = true
    })
    await goaway
    expect(closed).toBe(false)
    heard[0]!.stream.headers([':status', '200'], true)
    expect((await answer).headers).toMatchObject({ ':status': 200 })
    await drained
  })

  it('destroys: streams hear of it, also when the peer does not hang up', async () => {
    const heard: Heard[] = []
    const { session, connections } = await serve(recorder(heard))
    const answer = ask(session, Buffer.from('x'))
    await expect.poll(() => heard.length).toBe(1)
    const drained = connections[0]!.drain()
    connections[0]!.destroy()
    expect(heard[0]!.reset).toMatchObject({ code: undefined, message: 'the connection was lost' })
    await drained
    await answer
  })

  it('costs a stream, not the process, when a header cannot be sent', async () => {
    const { session } = await serve(
      recorder([], ({ stream }) => stream.headers([':status', '200', 'x-bad', 'line\nbreak'], true)),
    )
    expect((await ask(session, Buffer.from('x'))).rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR)
  })
})
