/** HAProxy in front of a server: the PROXY protocol in both versions, over every wire, plain and with TLS behind the header. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import * as http from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { grpc } from '../../../dist/grpc.js'
import { createClient, Server } from '../../../dist/index.js'
import { thrift } from '../../../dist/thrift.js'
import { generatedModule } from '../generated-module.mjs'
import { outcomeOf } from '../outcome.mjs'
import { missingTool } from '../thrift/peer-process.mjs'

const pem = (name) => ({ file: fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url)) })
const tls = { ca: pem('ca'), servername: 'localhost' }
/** HAProxy calls the server from here, so that its own address is never taken for the client's. */
const own = '127.0.0.77'
const startMs = 10_000

const proto =
  'syntax = "proto3"; package who.v1; message Peer { string address = 1; } service Who { rpc Am(Peer) returns (Peer); }'
const idl = 'service Whoami { string am() }'

/** What a line of the configuration says of the server behind it. */
const forms = {
  'version 1': 'send-proxy',
  'version 2': 'send-proxy-v2',
  'version 2 with TLV': 'send-proxy-v2 proxy-v2-options crc32c,unique-id',
}

/** `{ name, outcome, detail }` for each form of the header. */
export async function haproxy() {
  const missing = await missingTool('HAProxy', 'haproxy', ['-v'])
  if (missing !== undefined) return [{ name: 'HAProxy', outcome: 'SKIPPED', detail: missing }]
  const { Who } = await generatedModule('who/v1/who.proto', proto)
  const { Whoami } = await generatedModule('whoami.thrift', idl)
  const outcomes = []
  for (const [form, options] of Object.entries(forms)) {
    for (const secure of [false, true]) {
      const errors = []
      const server = new Server({
        http: {},
        proxyProtocol: true,
        onError: (error) => errors.push(error),
        ...(secure && { tls: { cert: pem('server'), key: pem('server-key') } }),
      })
        .add(Who, { am: (_request, cx) => ({ address: cx.peer.address }) })
        .add(Whoami, { am: (cx) => cx.peer.address })
      const { port } = await server.listen('127.0.0.1:0')
      const name = `HAProxy ${form}${secure ? ', TLS' : ''}`
      try {
        const balancer = await start(port, options)
        try {
          outcomes.push(await outcomeOf(name, checks, { address: balancer.address, secure, errors, Who, Whoami }))
        } finally {
          await balancer.stop()
        }
      } catch (error) {
        outcomes.push({ name, outcome: 'FAILED', detail: String(error.message) })
      } finally {
        await server.close({ drainMs: 0 })
      }
    }
  }
  return outcomes
}

const checks = {
  async 'a gRPC call'({ address, secure, Who }) {
    const wire = grpc(address, secure ? { tls } : {})
    const told = await createClient(Who, wire, { timeoutMs: startMs }).am({})
    await wire.close()
    isClient(told.address)
  },
  async 'a Thrift call'({ address, secure, Whoami }) {
    const wire = thrift(address, secure ? { tls } : {})
    const told = await createClient(Whoami, wire, { timeoutMs: startMs }).am()
    await wire.close()
    isClient(told)
  },
  async 'a JSON call names the very port of its client'({ address, secure }) {
    if (secure) return
    const [host, port] = address.split(':')
    const socket = connect(Number(port), host)
    await once(socket, 'connect')
    const own = `${socket.localAddress}:${socket.localPort}`
    const headers = { 'content-type': 'application/json', connection: 'close' }
    const request = http.request({ method: 'POST', path: '/who.v1.Who/Am', headers, createConnection: () => socket })
    request.end('{}')
    const [response] = await once(request, 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    if (JSON.parse(text).address !== own) throw new Error(`${text} is not ${own}`)
  },
  async 'HAProxy’s own health checks are no errors'({ errors }) {
    // Its interval is 100 ms.
    await new Promise((resolve) => setTimeout(resolve, 500))
    if (errors.length > 0) throw new Error(String(errors[0]))
  },
}

function isClient(address) {
  if (!/^127\.0\.0\.1:\d+$/.test(address)) throw new Error(`the peer of the call is ${address}`)
}

/** HAProxy in front of a port of this machine. */
async function start(serverPort, options) {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'volo-interop-haproxy-'))
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen front
  bind 127.0.0.1:${port}
  unique-id-format %[uuid()]
  server back 127.0.0.1:${serverPort} source ${own} ${options} check inter 100ms
`,
  )
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const until = Date.now() + startMs
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop()
      throw new Error(`HAProxy does not run: ${said.trim()}`)
    }
  }
  return { address: `127.0.0.1:${port}`, stop }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => setTimeout(resolve, 50, false))
  })
}
