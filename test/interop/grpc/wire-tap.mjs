/** A relay between a client and a server that reads the gRPC messages of the HTTP/2 that passes: which were compressed. */

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const prefaceBytes = 24
const frameHeadBytes = 9
const messageHeadBytes = 5
const typeData = 0
const typeHeaders = 1
const flagPadded = 0x8

/** Starts a relay to `port` of this machine. `requests()` and `responses()` are the messages of the stream opened last. */
export async function wireTap(port) {
  let newest = 0
  let messages = new Map()
  const sockets = new Set()
  const of = (direction) => (messages.get(newest) ?? { requests: [], responses: [] })[direction]
  const record = (direction) => (stream, message) => {
    if (!messages.has(stream)) messages.set(stream, { requests: [], responses: [] })
    messages.get(stream)[direction].push(message)
  }
  const opened = (stream) => {
    newest = stream
    messages = new Map()
  }
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(from)
      from.setNoDelay()
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    const up = frameReader(prefaceBytes, record('requests'), opened)
    const down = frameReader(0, record('responses'), () => {})
    client.on('data', up).pipe(upstream)
    upstream.on('data', down).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    requests: () => of('requests'),
    responses: () => of('responses'),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Takes chunks of one direction and tells of each message `{ compressed, bytes }`, and of each stream that is opened. */
function frameReader(skip, message, opened) {
  let rest = Buffer.alloc(0)
  const bodies = new Map()
  const seen = new Set()
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    if (skip > 0) {
      if (rest.length < skip) return
      rest = rest.subarray(skip)
      skip = 0
    }
    while (rest.length >= frameHeadBytes) {
      const length = rest.readUIntBE(0, 3)
      if (rest.length < frameHeadBytes + length) return
      const [type, flags, stream] = [rest[3], rest[4], rest.readUInt32BE(5)]
      const payload = rest.subarray(frameHeadBytes, frameHeadBytes + length)
      rest = rest.subarray(frameHeadBytes + length)
      if (type === typeHeaders && !seen.has(stream)) {
        seen.add(stream)
        opened(stream)
      }
      if (type !== typeData) continue
      const data = flags & flagPadded ? payload.subarray(1, payload.length - payload[0]) : payload
      let body = Buffer.concat([bodies.get(stream) ?? Buffer.alloc(0), data])
      while (body.length >= messageHeadBytes && body.length >= messageHeadBytes + body.readUInt32BE(1)) {
        const bytes = body.readUInt32BE(1)
        message(stream, { compressed: body[0] === 1, bytes })
        body = body.subarray(messageHeadBytes + bytes)
      }
      bodies.set(stream, body)
    }
  }
}
