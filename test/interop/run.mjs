/**
 * `npm run interop [-- NAME...]`: this package against tools of other languages, all suites or those whose names are given; what is
 * not installed is skipped, and said so. What the peers do differently stands in README.md.
 */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const suites = {
  haproxy: async () => (await import('./proxy/haproxy.mjs')).haproxy(),
  grpcurl: async () => (await import('./grpcurl/grpcurl.mjs')).grpcurl(),
  chromium: async () => (await import('./web/browser.mjs')).browser(),
  'apache-cpp': async () => (await import('./thrift/apache.mjs')).apacheCpp(),
  'grpc-go': async () => (await import('./grpc/grpc-go.mjs')).grpcGo(),
  grpcio: async () => (await import('./grpc/grpcio.mjs')).grpcio(),
  'grpc-js': async () => (await import('./grpc/grpc-js.mjs')).grpcJsRoles(),
  'connect-node': async () => (await import('./grpc/connect-node.mjs')).connectNode(),
  'volo-grpc': async () => (await import('./grpc/volo.mjs')).voloGrpc(),
  'apache-python': async () => (await import('./thrift/apache.mjs')).apachePython(),
  kitex: async () => (await import('./thrift/kitex.mjs')).kitex(),
  etcd: async () => (await import('./discovery/etcd.mjs')).etcdCluster(),
  prometheus: async () => (await import('./prometheus/prometheus.mjs')).prometheusServer(),
  volo: async () => (await import('./thrift/volo.mjs')).volo(),
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

let failed = false
for (const name of asked.length > 0 ? asked : Object.keys(suites)) {
  for (const { name: title, outcome, detail } of await suites[name]()) {
    console.log(`${outcome.padEnd(7)} ${title}: ${detail}`)
    if (outcome === 'FAILED') failed = true
  }
}
if (failed) process.exitCode = 1
