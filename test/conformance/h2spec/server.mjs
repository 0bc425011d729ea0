/** A server that answers every request with a short body: `server.mjs MODULES`, where MODULES is the compiled runtime. */

import { createServer } from 'node:net'
import { pathToFileURL } from 'node:url'

const { http2Server } = await import(pathToFileURL(`${process.argv[2]}/runtime/http2/server/connection.js`))

const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
  const accepted = { socket, peer: { address: 'h2spec', kind: 'tcp' }, alpn: undefined }
  http2Server(
    accepted,
    new Uint8Array(0),
    (stream, _headers, end) => {
      const answer = () => {
        stream.headers([':status', '200', 'content-type', 'text/plain'], false)
        stream.write(new TextEncoder().encode('hello, h2spec'), true)
      }
      if (end) answer()
      return { headers() {}, data() {}, end: answer, reset() {}, drain() {} }
    },
    { maxConcurrentStreams: 100 },
  )
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
