/** `npm run bench -- [--quick] [thrift | grpc | inproc | codec | threads | compiler ...]`: the races that are named, or all, as one report in Markdown. */

import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { generate } from './generate.mjs'
import { inproc } from './inproc/run.mjs'
import { race, table } from './rpc/race.mjs'

const words = process.argv.slice(2)
const quick = words.includes('--quick')
if (quick) process.env['ROUNDS'] ??= '1'
const shape = { sizes: [64, 1024], lanes: [1, 32, 128], calls: quick ? 2_000 : 20_000, rounds: quick ? 1 : 5 }

const rpcNote = [
  'Client and server are two processes on loopback; CPU is user and system time per call; the median of the rounds counts.',
  'ratio: how many times less CPU for both sides together than the peer.\n',
].join('\n')

const races = {
  async thrift() {
    generate(['idl/echo.thrift'])
    const rows = await race({
      ...shape,
      contenders: [
        { name: 'npm thrift', stack: 'apache-thrift' },
        { name: 'volo framed, multiplexed', stack: 'volo-thrift', variant: 'framed-multiplexed' },
        { name: 'volo TTHeader, multiplexed', stack: 'volo-thrift', variant: 'ttheader-multiplexed' },
        { name: 'volo TTHeader, pool', stack: 'volo-thrift', variant: 'ttheader-pool' },
      ],
    })
    console.log(`## Thrift echo\n\n${rpcNote}\n${table(rows, 'npm thrift')}\n`)
  },
  async grpc() {
    generate(['idl/echo.proto'])
    const rows = await race({
      ...shape,
      contenders: [
        { name: '@grpc/grpc-js', stack: 'grpc-js' },
        { name: 'volo gRPC', stack: 'volo-grpc' },
      ],
    })
    console.log(`## gRPC unary\n\n${rpcNote}\n${table(rows, '@grpc/grpc-js')}\n`)
  },
  inproc: () => inproc({ quick }),
  codec: () => script('codec/run.mjs'),
  threads: () => script('threads.mjs'),
  compiler: () => script('compiler.mjs'),
}

/** Runs a race that is a program of its own. */
function script(path) {
  const file = fileURLToPath(new URL(path, import.meta.url))
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${path} exited ${status}`)
  console.log()
}

const named = words.filter((word) => word !== '--quick')
const unknown = named.find((word) => !(word in races))
if (unknown !== undefined) {
  console.error(`there is no race '${unknown}'; there are ${Object.keys(races).join(', ')}`)
  process.exit(2)
}
console.log(
  `# Races\n\nNode ${process.version}, ${cpus().length} cores (${cpus()[0].model.trim()}), ${new Date().toISOString().slice(0, 10)}.\n`,
)
for (const [name, run] of Object.entries(races)) if (named.length === 0 || named.includes(name)) await run()
