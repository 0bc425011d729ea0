/**
 * `npm run soak [-- NAME... [--calls N] [--connections N]]`: very many gRPC calls, connections and attacks, and whether anything
 * is left of them. The default of a million calls is what a service with 12 calls a second answers in a day.
 */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

if (globalThis.gc === undefined) throw new Error('run it as `npm run soak`')
const words = process.argv.slice(2)
const number = (name, usual) => {
  const at = words.indexOf(name)
  return at < 0 ? usual : Number(words.splice(at, 2)[1])
}
const calls = number('--calls', 1_000_000)
const connections = number('--connections', 1_000)

const soaks = {
  calls: async () => (await import('./calls.mjs')).soakCalls(calls),
  connections: async () => (await import('./connections.mjs')).soakConnections(connections, 100),
  floods: async () => (await import('./floods.mjs')).soakFloods(),
}
const unknown = words.filter((name) => !(name in soaks))
if (unknown.length > 0) {
  console.error(`no soak ${unknown.join(', ')}; there are ${Object.keys(soaks).join(', ')}`)
  process.exit(2)
}

execFileSync('npm', ['run', '--silent', 'build'], {
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
  stdio: ['ignore', 'ignore', 'inherit'],
  shell: process.platform === 'win32',
})

for (const name of words.length > 0 ? words : Object.keys(soaks)) {
  console.log(`## ${name}`)
  const wrong = await soaks[name]()
  for (const one of wrong) console.log(`FAILED  ${one}`)
  if (wrong.length > 0) process.exitCode = 1
  else console.log('passed')
}
