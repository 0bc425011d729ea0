/** The server under test: reads one ServerCompatRequest from stdin, listens, and answers with a ServerCompatResponse. */

import { fromBinary, toBinary } from '../../../dist/grpc.js'
import { Server } from '../../../dist/index.js'
import { protocolModule, readMessages, writeMessage } from './protocol.mjs'
import { conformanceHandler } from './service.mjs'

const { ServerCompatRequest, ServerCompatResponse } = await protocolModule('server_compat')
const { ConformanceService } = await protocolModule('service')

for await (const bytes of readMessages(process.stdin)) {
  const request = fromBinary(ServerCompatRequest, bytes)
  const limit = request.messageReceiveLimit
  const server = new Server({
    onError() {},
    http: { types: Object.values(await protocolModule('service')).filter((one) => typeof one?.typeName === 'string') },
    grpc: {
      acceptCompression: ['gzip', 'deflate', 'br', ...('zstd' in process.versions ? ['zstd'] : [])],
      ...(limit > 0 && { maxReceiveBytes: limit }),
    },
    ...(request.useTls && {
      tls: {
        cert: request.serverCreds.cert,
        key: request.serverCreds.key,
        ...(request.clientTlsCert.length > 0 && { ca: request.clientTlsCert }),
      },
    }),
  }).add(ConformanceService, conformanceHandler)
  const { port } = await server.listen('127.0.0.1:0')
  const pemCert = request.useTls ? request.serverCreds.cert : new Uint8Array(0)
  writeMessage(process.stdout, toBinary(ServerCompatResponse, { host: '127.0.0.1', port, pemCert }))
  process.once('SIGTERM', () => server.close({ drainMs: 0 }).then(() => process.exit()))
  break
}
