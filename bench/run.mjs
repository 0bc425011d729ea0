/** `npm run bench [-- --quick]`: every race, one report in Markdown on standard output. */

import { cpus } from 'node:os'
import { generate } from './generate.mjs'
import { race, table } from './rpc/race.mjs'

const quick = process.argv.includes('--quick')
const shape = { sizes: [64, 1024], lanes: [1, 32, 128], calls: quick ? 2_000 : 20_000, rounds: quick ? 1 : 5 }

generate(['idl/echo.thrift', 'idl/echo.proto'])

console.log(
  `# Races\n\nNode ${process.version}, ${cpus().length} cores (${cpus()[0].model.trim()}), ${new Date().toISOString().slice(0, 10)}.`,
)
console.log(
  'Client and server are two processes on loopback; CPU is user and system time per call; the median of the rounds counts.',
)
console.log('ratio: how many times less CPU for both sides together than the peer.\n')

console.log('## Thrift echo\n')
const thrift = await race({
  ...shape,
  contenders: [
    { name: 'npm thrift', stack: 'apache-thrift' },
    { name: 'volo framed, multiplexed', stack: 'volo-thrift', variant: 'framed-multiplexed' },
    { name: 'volo TTHeader, multiplexed', stack: 'volo-thrift', variant: 'ttheader-multiplexed' },
    { name: 'volo TTHeader, pool', stack: 'volo-thrift', variant: 'ttheader-pool' },
  ],
})
console.log(table(thrift, 'npm thrift'))

console.log('\n## gRPC unary\n')
const grpc = await race({
  ...shape,
  contenders: [
    { name: '@grpc/grpc-js', stack: 'grpc-js' },
    { name: 'volo gRPC', stack: 'volo-grpc' },
  ],
})
console.log(table(grpc, '@grpc/grpc-js'))
