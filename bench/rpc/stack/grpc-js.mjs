/** `@grpc/grpc-js` with proto-loader, as its documentation shows it. */

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'

const path = join(dirname(fileURLToPath(import.meta.url)), '../../idl/echo.proto')
const { bench } = grpc.loadPackageDefinition(loader.loadSync(path))

/** A server on a free port. */
export async function serve() {
  const server = new grpc.Server()
  server.addService(bench.Echo.service, {
    echo: (call, done) => done(null, { action: call.request.action, message: call.request.message }),
  })
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { port, close: () => new Promise((resolve) => server.tryShutdown(resolve)) }
}

/** A client on one channel. */
export async function connect(port) {
  const client = new bench.Echo(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  return {
    echo: (message) =>
      new Promise((resolve, reject) =>
        client.echo({ action: 'echo', message }, (error, reply) => (error ? reject(error) : resolve(reply))),
      ),
    close: async () => client.close(),
  }
}
