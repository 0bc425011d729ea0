/** `npm run bench -- [--quick] [thrift | idle | grpc | connect | piled | inproc | codec | threads | compiler ...]`: the races that are named, or all, as one report in Markdown. */

import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { generate } from './generate.mjs'
import { inproc } from './inproc/run.mjs'
import { idleConnections } from './rpc/idle.mjs'
import { openLoop, openLoopTable, race, table } from './rpc/race.mjs'

const words = process.argv.slice(2)
const quick = words.includes('--quick')
if (quick) process.env['ROUNDS'] ??= '1'
const shape = { sizes: [64, 1024], lanes: [1, 32, 128], calls: quick ? 2_000 : 20_000, rounds: quick ? 1 : 5 }

const rpcNote = [
  'Client and server are two processes on loopback; CPU is user and system time per call; the median of the rounds counts.',
  'MiB: resident memory of both processes behind the runs.',
  'ratio: how many times less CPU for both sides together than the peer.\n',
].join('\n')

const layersNote = 'layers: five on each side, and a deadline of ten seconds.\n'

const races = {
  async thrift() {
    generate(['idl/echo.thrift'])
    const rows = await race({
      ...shape,
      contenders: [
        { name: 'npm thrift', stack: 'apache-thrift' },
        { name: 'volo framed, multiplexed', stack: 'volo-thrift', variant: 'framed-multiplexed' },
        { name: 'volo TTHeader, multiplexed', stack: 'volo-thrift', variant: 'ttheader-multiplexed' },
        { name: 'volo TTHeader, multiplexed, layers', stack: 'volo-thrift', variant: 'ttheader-multiplexed-layers' },
        { name: 'volo TTHeader, pool', stack: 'volo-thrift', variant: 'ttheader-pool' },
      ],
    })
    console.log(`## Thrift echo\n\n${rpcNote}${layersNote}\n${table(rows, 'npm thrift')}\n`)
    const pingPong = await race({
      ...shape,
      lanes: [1, 100],
      contenders: [
        { name: 'npm thrift, pool', stack: 'apache-thrift', variant: 'pool' },
        { name: 'volo TTHeader, pool', stack: 'volo-thrift', variant: 'ttheader-pool' },
        { name: 'volo TTHeader, pool, layers', stack: 'volo-thrift', variant: 'ttheader-pool-layers' },
      ],
    })
    console.log(
      `## Thrift echo, one call at a time per connection\n\n${layersNote}\n${table(pingPong, 'npm thrift, pool')}\n`,
    )
    const open = await openLoop({
      lanes: 32,
      size: 64,
      calls: shape.calls,
      seconds: quick ? 2 : 10,
      contenders: [
        { name: 'npm thrift', stack: 'apache-thrift' },
        { name: 'volo TTHeader, multiplexed', stack: 'volo-thrift', variant: 'ttheader-multiplexed' },
        { name: 'volo TTHeader, pool', stack: 'volo-thrift', variant: 'ttheader-pool' },
      ],
    })
    console.log(
      `## Thrift echo, open loop\n\n64 bytes, at half the rate that each does with 32 in flight; time counts from when a call was due.\n\n${openLoopTable(open)}\n`,
    )
  },
  async idle() {
    generate(['idl/echo.thrift'])
    const count = quick ? 1_000 : 10_000
    const lines = (await idleConnections(count)).map(
      ({ side, rss, heap }) => `| ${side} | ${(rss / 1024).toFixed(1)} | ${(heap / 1024).toFixed(1)} |`,
    )
    console.log(
      `## Idle Thrift connections\n\n${count} connections that have had one call each, KiB per connection.\n\n| side | RSS | heap and external |\n|---|--:|--:|\n${lines.join('\n')}\n`,
    )
  },
  async grpc() {
    generate(['idl/echo.proto'])
    const contenders = [
      { name: '@grpc/grpc-js', stack: 'grpc-js' },
      { name: 'connect-node', stack: 'connect-node' },
      { name: 'bare node:http2', stack: 'node-http2' },
      { name: 'volo gRPC', stack: 'volo-grpc' },
    ]
    const secure = contenders.map((one) => ({ ...one, name: `${one.name}, TLS`, variant: 'tls' }))
    const sizes = [64, 1024, 65_536]
    const unary = await race({ ...shape, sizes, contenders })
    console.log(`## gRPC unary\n\n${rpcNote}\n${table(unary, '@grpc/grpc-js')}\n`)
    const encrypted = await race({ ...shape, sizes, lanes: [32], contenders: secure })
    console.log(`## gRPC unary over TLS\n\n${rpcNote}\n${table(encrypted, '@grpc/grpc-js, TLS')}\n`)
    const streams = { ...shape, sizes, lanes: [1, 16], calls: shape.calls * 2, kind: 'stream' }
    const streamed = await race({ ...streams, contenders })
    console.log(`## gRPC bidirectional streams, per message\n\n${rpcNote}\n${table(streamed, '@grpc/grpc-js')}\n`)
  },
  async connect() {
    generate(['idl/echo.proto'])
    for (const [version, title] of [
      ['2', 'HTTP/2'],
      ['1.1', 'HTTP/1.1'],
    ]) {
      const contenders = ['proto', 'json'].flatMap((format) => [
        { name: `connect-node, ${format}`, stack: 'connect-node-connect', variant: `${version} ${format}` },
        { name: `volo Connect, ${format}`, stack: 'volo-connect', variant: `${version} ${format}` },
      ])
      const tables = (rows) =>
        ['proto', 'json']
          .map((format) => {
            const own = rows.filter(({ name }) => name.endsWith(format))
            return table(own, `connect-node, ${format}`)
          })
          .join('\n\n')
      const unary = await race({ ...shape, lanes: [1, 32], contenders })
      console.log(`## Connect unary over ${title}\n\n${rpcNote}\n${tables(unary)}\n`)
      if (version === '1.1') continue
      const streams = { ...shape, lanes: [1, 16], calls: shape.calls * 2, kind: 'stream' }
      const streamed = await race({ ...streams, contenders })
      console.log(`## Connect bidirectional streams over ${title}, per message\n\n${rpcNote}\n${tables(streamed)}\n`)
    }
  },
  async piled() {
    generate(['idl/echo.proto'])
    const rows = await race({
      sizes: [0],
      lanes: [1],
      calls: (quick ? 50_000 : 300_000) * 4,
      rounds: 1,
      kind: 'piled',
      contenders: [
        { name: '@grpc/grpc-js', stack: 'grpc-js', variant: 'late' },
        { name: 'volo gRPC', stack: 'volo-grpc', variant: 'late' },
      ],
    })
    console.log(
      `## gRPC, empty messages that have piled up\n\n${quick ? 50_000 : 300_000} messages of one stream, read a second after it began; CPU per message.\n\n${table(rows, '@grpc/grpc-js')}\n`,
    )
  },
  inproc: () => inproc({ quick }),
  codec: () => script('codec/run.mjs'),
  threads: () => script('threads.mjs'),
  compiler: () => script('compiler.mjs'),
  telemetry: () => script('telemetry.mjs'),
  balance: () => script('balance.mjs'),
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
