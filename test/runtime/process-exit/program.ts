/** A process that does what its arguments say and closes nothing: whether it ends is what the tests look at. */

import cluster from 'node:cluster'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Health } from '../../../src/runtime/grpc/gen/grpc/health/v1/health.ts'
import { Server } from '../../../src/runtime/serve/server.ts'
import { thrift } from '../../../src/runtime/thrift/client/transport.ts'
import { Echo, echoHandler } from '../../support/echo-service.ts'

const [what = '', address = '', text = '{}'] = process.argv.slice(2)
const options = JSON.parse(text)

const programs: Record<string, () => Promise<void>> = {
  async thrift() {
    const client = createClient(Echo, thrift(address, options))
    console.log(await client.echo('first'), await client.echo('second'))
  },
  async oneway() {
    await createClient(Echo, thrift(address, options)).fire('x'.repeat(1_000_000))
  },
  async warm() {
    await thrift(address, options).warmUp(2)
  },
  async grpc() {
    const client = createClient(Health, grpc(address, options))
    for (let i = 0; i < 2; i++) console.log((await client.check({ service: '' })).status)
  },
  async connect() {
    await grpc(address, options).connect()
  },
  async closed() {
    const transport = grpc(address, options)
    console.log((await createClient(Health, transport).check({ service: '' })).status)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await transport.close()
    console.log('closed')
  },
  async cluster() {
    if (cluster.isPrimary) {
      const worker = cluster.fork()
      worker.on('message', () => worker.process.kill('SIGTERM'))
      worker.on('exit', (code, signal) => console.log(`the worker ended: ${code} ${signal}`))
      return
    }
    const server = new Server().add(Echo, echoHandler())
    await server.listen('127.0.0.1:0')
    const closed = server.closeOnSignal()
    process.send?.('listening')
    await closed
    console.log('the server has closed')
  },
}
await programs[what]?.()
