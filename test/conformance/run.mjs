/**
 * `npm run conformance [-- NAME...]`: the public suites of the protocols against this package, through its public API; all suites
 * or those whose names are given. What cannot be built here is skipped, and said so.
 */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const suites = {
  connectrpc: async () => (await import('./connectrpc/suite.mjs')).connectrpc(),
  protobuf: async () => (await import('./protobuf/suite.mjs')).protobuf(),
  h2spec: async () => (await import('./h2spec/suite.mjs')).h2spec(),
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in suites))
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}`)
  process.exit(2)
}

execFileSync('npm', ['run', '--silent', 'build'], {
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
  stdio: ['ignore', 'ignore', 'inherit'],
  shell: process.platform === 'win32',
})

for (const suite of asked.length > 0 ? asked : Object.keys(suites)) {
  for (const { name, outcome, detail } of await suites[suite]()) {
    console.log(`${outcome.padEnd(7)} ${suite.padEnd(10)} ${name.padEnd(16)} ${detail}`)
    if (outcome === 'FAILED') process.exitCode = 1
  }
}
