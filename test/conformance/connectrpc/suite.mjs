/** connectrpc/conformance against this package's servers and clients. */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as zlib from 'node:zlib'
import { cache, missingTool, run } from '../../interop/thrift/peer-process.mjs'
import { generateProtocol, version } from './protocol.mjs'

const folder = join(cache, 'connectrpc')
const runner = join(folder, `connectconformance-${version}`)
const program = (name) => fileURLToPath(new URL(`./${name}.mjs`, import.meta.url))
const everyCompression = [
  ...['COMPRESSION_IDENTITY', 'COMPRESSION_GZIP', 'COMPRESSION_DEFLATE', 'COMPRESSION_BR'],
  ...('zstdCompressSync' in zlib ? ['COMPRESSION_ZSTD'] : []),
]

/** What each run covers; the members of `features` are those of the suite's Config message. */
const runs = [
  {
    name: 'gRPC server',
    mode: 'server',
    features: {
      versions: ['HTTP_VERSION_2'],
      protocols: ['PROTOCOL_GRPC'],
      codecs: ['CODEC_PROTO', 'CODEC_JSON'],
      compressions: everyCompression,
      supportsTlsClientCerts: true,
    },
  },
  {
    name: 'gRPC client',
    mode: 'client',
    features: {
      versions: ['HTTP_VERSION_2'],
      protocols: ['PROTOCOL_GRPC'],
      codecs: ['CODEC_PROTO'],
      compressions: everyCompression,
      supportsTlsClientCerts: true,
    },
  },
  {
    name: 'gRPC-web server',
    mode: 'server',
    features: {
      versions: ['HTTP_VERSION_1', 'HTTP_VERSION_2'],
      protocols: ['PROTOCOL_GRPC_WEB'],
      codecs: ['CODEC_PROTO', 'CODEC_JSON'],
      compressions: everyCompression,
      supportsTlsClientCerts: true,
    },
  },
  {
    name: 'Connect server',
    mode: 'server',
    features: {
      versions: ['HTTP_VERSION_1', 'HTTP_VERSION_2'],
      protocols: ['PROTOCOL_CONNECT'],
      codecs: ['CODEC_PROTO', 'CODEC_JSON'],
      compressions: everyCompression,
      supportsTlsClientCerts: true,
      supportsHalfDuplexBidiOverHttp1: true,
    },
  },
  {
    name: 'Connect client',
    mode: 'client',
    features: {
      versions: ['HTTP_VERSION_1', 'HTTP_VERSION_2'],
      protocols: ['PROTOCOL_CONNECT'],
      codecs: ['CODEC_PROTO', 'CODEC_JSON'],
      compressions: everyCompression,
      supportsTlsClientCerts: true,
      supportsConnectGet: true,
      supportsHalfDuplexBidiOverHttp1: true,
    },
  },
  {
    name: 'Connect client by fetch',
    mode: 'client',
    words: ['fetch'],
    features: {
      versions: ['HTTP_VERSION_1'],
      protocols: ['PROTOCOL_CONNECT'],
      codecs: ['CODEC_PROTO', 'CODEC_JSON'],
      compressions: ['COMPRESSION_IDENTITY'],
      supportsTls: false,
      supportsConnectGet: true,
      supportsHalfDuplexBidiOverHttp1: true,
    },
  },
  {
    name: 'gRPC-web client',
    mode: 'client',
    features: {
      versions: ['HTTP_VERSION_1'],
      protocols: ['PROTOCOL_GRPC_WEB'],
      codecs: ['CODEC_PROTO'],
      compressions: ['COMPRESSION_IDENTITY'],
      supportsTls: false,
      supportsHalfDuplexBidiOverHttp1: true,
    },
  },
]

/** Cases that are known to fail, by run, each pattern with its reason. */
const knownFailing = {}

/** `{ name, outcome, detail }` for each run. */
export async function connectrpc() {
  const problem = await prepare()
  if (problem !== undefined) return runs.map(({ name }) => ({ name, outcome: 'SKIPPED', detail: problem }))
  const outcomes = []
  for (const one of runs) outcomes.push(await conformance(one))
  return outcomes
}

/** Builds the runner and the generated code; gives the reason when that cannot be. */
async function prepare() {
  const missing = await missingTool('Go', 'go', ['version'])
  if (missing !== undefined) return missing
  try {
    if (!existsSync(runner)) {
      mkdirSync(folder, { recursive: true })
      await run('go', ['install', `connectrpc.com/conformance/cmd/connectconformance@${version}`], {
        env: { ...process.env, GOBIN: folder },
      })
      await run('mv', [join(folder, 'connectconformance'), runner])
    }
    generateProtocol()
    return undefined
  } catch (error) {
    return `it cannot be built: ${error.message}`
  }
}

async function conformance({ name, mode, features, words: more = [] }) {
  const config = join(folder, `${name.replaceAll(' ', '-')}.json`)
  writeFileSync(config, JSON.stringify({ features }))
  const known = Object.keys(knownFailing[name] ?? {}).flatMap((pattern) => ['--known-failing', pattern])
  // The runner waits ten seconds for a server, which several at once on few cores can miss.
  const words = [
    '--mode',
    mode,
    '--conf',
    config,
    '--max-servers',
    '2',
    ...known,
    '--',
    process.execPath,
    program(mode),
    ...more,
  ]
  const output = await outputOf(runner, words)
  const counts = output.match(/(\d+) passed, (\d+) failed/)
  if (counts === null) return { name, outcome: 'FAILED', detail: output.trim().split('\n').slice(-3).join(' / ') }
  const failures = [...output.matchAll(/^FAILED: .*\n.*$/gm)].map(([text]) => text.replace(/\s+/g, ' ').slice(0, 400))
  const shown = failures.slice(0, 20)
  const detail = [`${counts[1]} of ${Number(counts[1]) + Number(counts[2])} cases`, ...shown].join('\n        ')
  return { name, outcome: counts[2] === '0' ? 'passed' : 'FAILED', detail }
}

/** What a program prints; the runner fails with its exit code when a case does. */
function outputOf(command, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks = []
    const timer = setTimeout(() => child.kill('SIGKILL'), 600_000)
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).toString())
    })
  })
}
