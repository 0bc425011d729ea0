/** Memory of idle Thrift connections: `idle.mjs server|client PORT COUNT` are its two processes, without words it runs both. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const [, script, role, port, count] = process.argv
const isMain = script === fileURLToPath(import.meta.url)

const settle = async () => {
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}

if (isMain && role === 'server') {
  const { serve } = await import('./stack/volo-thrift.mjs')
  const side = await serve()
  process.on('message', async () => process.send(await settle()))
  process.send({ port: side.port })
} else if (isMain && role === 'client') {
  const { connect } = await import('./stack/volo-thrift.mjs')
  const before = await settle()
  const clients = []
  for (let from = 0; from < Number(count); from += 100) {
    const some = await Promise.all(Array.from({ length: 100 }, () => connect(Number(port), 'ttheader-multiplexed')))
    await Promise.all(some.map((client) => client.echo('hello')))
    clients.push(...some)
  }
  const after = await settle()
  process.send({ before, after, clients: clients.length })
}

/** The next message of a process; an error when it ends instead. */
async function hear(child) {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of idle connections exited ${code}`)
  })
  ended.catch(() => {})
  const [message] = await Promise.race([once(child, 'message'), ended])
  return message
}

/** Opens `connections` connections that have had one call each; gives the bytes that each costs on both sides. */
export async function idleConnections(connections) {
  const file = fileURLToPath(import.meta.url)
  const execArgv = ['--expose-gc']
  const server = fork(file, ['server'], { execArgv })
  const { port: at } = await hear(server)
  const ask = () => {
    server.send('memory')
    return hear(server)
  }
  const before = await ask()
  const client = fork(file, ['client', String(at), String(connections)], { execArgv })
  const own = await hear(client)
  const after = await ask()
  const [clientGone, serverGone] = [once(client, 'exit'), once(server, 'exit')]
  client.kill()
  server.kill()
  await Promise.all([clientGone, serverGone])
  const each = (from, to) => (to - from) / connections
  return [
    { side: 'server', rss: each(before.rss, after.rss), heap: each(before.heap, after.heap) },
    { side: 'client', rss: each(own.before.rss, own.after.rss), heap: each(own.before.heap, own.after.heap) },
  ]
}
