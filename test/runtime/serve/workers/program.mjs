/** The program of the tests of workers: `program.mjs ADDRESS WORKERS VERSION_FILE`; says what it does in lines of JSON. */

import { readFileSync } from 'node:fs'
import { Greeter } from 'idl/greeter'
import { Hello } from 'idl/hello'
import { RpcError } from 'runtime/core/error'
import { Server } from 'runtime/serve/server'
import { runWorkers } from 'runtime/serve/workers'

const [, , address, workers, versionFile] = process.argv
const version = readFileSync(versionFile, 'utf8')
let server
const say = (line) => process.stdout.write(`${JSON.stringify({ pid: process.pid, version, ...line })}\n`)

const who = async (delayMs) => {
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
  if (delayMs === -2) setImmediate(() => server.close())
  else if (delayMs < 0) process.exit(3)
  return `${process.pid} ${version}`
}

if (version === 'slow to load') {
  say({ kind: 'loading' })
  await new Promise((resolve) => setTimeout(resolve, 300))
}

try {
  await runWorkers(
    {
      workers: Number(workers),
      backoff: { initialMs: 10 },
      onEvent: (event) => say({ ...event, worker: event.pid, pid: process.pid }),
    },
    async (place) => {
      if (version === 'broken') throw new RpcError('FAILED_PRECONDITION', 'broken on purpose')
      server = new Server()
        .add(Hello, { who: (delayMs) => who(delayMs) })
        .add(Greeter, { who: async ({ delayMs }) => ({ text: await who(delayMs) }) })
      const { port } = await server.listen(address)
      say({ kind: 'listening', port, place })
      return server
    },
  )
  say({ kind: 'done' })
} catch (error) {
  say({ kind: 'failed at the start', code: error.code, message: error.message })
  process.exitCode = 1
}
