/** The server of a soak in a process of its own; its parent asks for what it holds, or to let go the calls that it keeps. */

import { RpcError, Server } from '../../dist/index.js'
import { testHandler, testing } from '../interop/grpc/test-service.mjs'
import { held } from './held.mjs'

const kept = []
let keeping = 0

const handler = testHandler(() => ({
  fail: (_code, message) => new RpcError('FAILED_PRECONDITION', message),
  plain: (message) => message,
  isCompressed: () => undefined,
  echo() {},
}))
const server = new Server({ onError() {}, grpc: { maxConcurrentStreams: 200 } }).add(testing.TestService, {
  ...handler,
  async emptyCall() {
    if (keeping > 0) {
      await new Promise((resolve) => {
        kept.push(resolve)
        if (kept.length === keeping) process.send({ kept: kept.length })
      })
    }
    return {}
  },
  unimplementedCall() {
    throw new RpcError('UNIMPLEMENTED', 'this server answers no UnimplementedCall')
  },
})
const { port } = await server.listen('127.0.0.1:0')

process.on('message', async (message) => {
  if (message === 'held') {
    const { inFlight, abandoned, connections } = server.stats()
    process.send({ ...(await held()), inFlight, abandoned, connections: connections.length })
  } else if (message === 'release') {
    keeping = 0
    for (const release of kept.splice(0)) release()
  } else keeping = message.keep
})
process.on('disconnect', () => process.exit())
process.send({ port })
