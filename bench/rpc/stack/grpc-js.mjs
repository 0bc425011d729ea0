/** `@grpc/grpc-js` with proto-loader, as its documentation shows it; variants `tls`, and `late`, whose streams are read a second after they began. */

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'
import { authority, certificate } from '../certificate.mjs'

const path = join(dirname(fileURLToPath(import.meta.url)), '../../idl/echo.proto')
const { bench } = grpc.loadPackageDefinition(loader.loadSync(path))

const answer = (request) => ({ action: request.action, message: request.message })

function credentials(variant) {
  if (variant !== 'tls') return grpc.ServerCredentials.createInsecure()
  const { cert, key } = certificate()
  return grpc.ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }])
}

/** A server on a free port. */
export async function serve(variant) {
  const server = new grpc.Server()
  server.addService(bench.Echo.service, {
    echo: (call, done) => done(null, answer(call.request)),
    chat(call) {
      if (variant === 'late') {
        let count = 0
        call.on('end', () => call.write({ action: '', message: String(count) }, () => call.end()))
        setTimeout(() => call.on('data', () => count++), 1_000)
        return
      }
      call.on('data', (request) => {
        if (!call.write(answer(request))) {
          call.pause()
          call.once('drain', () => call.resume())
        }
      })
      call.on('end', () => call.end())
    },
  })
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials(variant), (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  return { port, close: () => new Promise((resolve) => server.tryShutdown(resolve)) }
}

/** A client on one channel. */
export async function connect(port, variant) {
  const secure = variant === 'tls'
  const client = new bench.Echo(
    `127.0.0.1:${port}`,
    secure ? grpc.credentials.createSsl(Buffer.from(authority())) : grpc.credentials.createInsecure(),
  )
  return {
    echo: (message) =>
      new Promise((resolve, reject) =>
        client.echo({ action: 'echo', message }, (error, reply) => (error ? reject(error) : resolve(reply))),
      ),
    chat: (message, count) =>
      new Promise((resolve, reject) => {
        const call = client.chat()
        let got = 0
        call.on('data', () => got++)
        call.on('error', reject)
        call.on('end', () => resolve(got))
        let sent = 0
        const send = () => {
          while (sent < count) {
            sent++
            if (!call.write({ action: 'echo', message })) {
              call.once('drain', send)
              return
            }
          }
          call.end()
        }
        send()
      }),
    collect: (message, count) =>
      new Promise((resolve, reject) => {
        const call = client.chat()
        call.on('data', (reply) => resolve(Number(reply.message)))
        call.on('error', reject)
        let sent = 0
        const send = () => {
          while (sent < count) {
            sent++
            if (!call.write({ action: '', message })) {
              call.once('drain', send)
              return
            }
          }
          call.end()
        }
        send()
      }),
    close: async () => client.close(),
  }
}
