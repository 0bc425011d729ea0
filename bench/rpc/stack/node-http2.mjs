/** `node:http2` with nothing above: the bytes of a message there and back, no protobuf, no gRPC status; variant `tls`. */

import { connect as connectHttp2, createSecureServer, createServer } from 'node:http2'
import { authority, certificate } from '../certificate.mjs'

/** A server on a free port. */
export async function serve(variant) {
  const server = variant === 'tls' ? createSecureServer(certificate()) : createServer()
  server.on('stream', (stream, headers) => {
    if (headers[':path'] === '/chat') {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
      return
    }
    const chunks = []
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('end', () => {
      stream.respond({ ':status': 200 })
      stream.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, close: () => new Promise((resolve) => server.close(resolve)) }
}

/** A client on one session. */
export async function connect(port, variant) {
  const secure = variant === 'tls'
  const session = connectHttp2(`${secure ? 'https' : 'http'}://127.0.0.1:${port}`, secure ? { ca: authority() } : {})
  await new Promise((resolve, reject) => session.once('connect', resolve).once('error', reject))
  return {
    echo: (message) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': '/echo' })
        const chunks = []
        stream.on('data', (chunk) => chunks.push(chunk))
        stream.on('error', reject)
        stream.on('end', () => resolve({ message: Buffer.concat(chunks).latin1Slice() }))
        stream.end(Buffer.from(message, 'latin1'))
      }),
    chat: (message, count) =>
      new Promise((resolve, reject) => {
        const bytes = Buffer.from(message, 'latin1')
        const stream = session.request({ ':method': 'POST', ':path': '/chat' })
        let got = 0
        stream.on('data', (chunk) => {
          got += chunk.length
        })
        stream.on('error', reject)
        stream.on('end', () => resolve(got / bytes.length))
        let sent = 0
        const send = () => {
          while (sent < count) {
            sent++
            if (!stream.write(bytes)) {
              stream.once('drain', send)
              return
            }
          }
          stream.end()
        }
        send()
      }),
    close: async () => session.destroy(),
  }
}
