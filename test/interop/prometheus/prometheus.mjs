/** A real Prometheus that scrapes a server: the text by promtool, the alert rules, and every query of the dashboard, live. */

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient, RpcError, Server } from '../../../dist/index.js'
import { prometheus } from '../../../dist/prometheus.js'
import { thrift } from '../../../dist/thrift.js'
import { generatedModule } from '../generated-module.mjs'
import { outcomeOf } from '../outcome.mjs'
import { missingTool } from '../thrift/peer-process.mjs'

const file = (name) => fileURLToPath(new URL(`../../../monitoring/${name}`, import.meta.url))
const startMs = 20_000

/** One outcome for the checks of Prometheus. */
export async function prometheusServer() {
  for (const tool of ['prometheus', 'promtool']) {
    const missing = await missingTool('Prometheus', tool, ['--version'])
    if (missing !== undefined) return [{ name: 'Prometheus', outcome: 'SKIPPED', detail: missing }]
  }
  const { Shop } = await generatedModule('shop.thrift', 'service Shop { string buy(1: string what) }')
  const metrics = prometheus()
  const server = new Server({ layers: [metrics.layer], onError: () => {} }).add(Shop, {
    buy(what) {
      if (what === 'nothing') throw new RpcError('INTERNAL', 'out of order')
      return what
    },
  })
  const { address } = await server.listen('127.0.0.1:0')
  const transport = thrift(address)
  const shop = createClient(Shop, transport, { layers: [metrics.layer] })
  metrics.watchServer(server)
  metrics.watchTransport('shop', transport)
  const page = createServer((_, response) => {
    response.setHeader('content-type', metrics.contentType).end(metrics.text())
  })
  await new Promise((resolve) => page.listen(0, '127.0.0.1', resolve))
  const buying = setInterval(() => void shop.buy(Math.random() < 0.2 ? 'nothing' : 'tea').catch(() => {}), 20)
  const folder = mkdtempSync(join(tmpdir(), 'volo-prometheus-'))
  let running
  try {
    running = await start(folder, page.address().port)
    return [await outcomeOf('Prometheus', checks, { metrics, base: running.base })]
  } catch (error) {
    return [{ name: 'Prometheus', outcome: 'FAILED', detail: String(error.message) }]
  } finally {
    clearInterval(buying)
    await running?.stop()
    rmSync(folder, { recursive: true, force: true })
    page.closeAllConnections()
    page.close()
    metrics.close()
    await transport.close({ drainMs: 0 })
    await server.close({ drainMs: 0 })
  }
}

const checks = {
  'promtool check metrics'({ metrics }) {
    execFileSync('promtool', ['check', 'metrics', '--extended'], {
      input: metrics.text(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  },
  'promtool check rules'() {
    execFileSync('promtool', ['check', 'rules', file('alerts.yml')], { stdio: 'pipe' })
  },
  async 'every query of the dashboard answers'({ base }) {
    const { panels } = JSON.parse(readFileSync(file('grafana-dashboard.json'), 'utf8'))
    const empty = []
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const query = expr.replaceAll('$__rate_interval', '10s').replaceAll('$job', '.*')
        const { status, data, error } = await ask(base, query)
        if (status !== 'success') throw new Error(`${title}: ${error}`)
        if (data.result.length === 0) empty.push(`${title}: ${query}`)
      }
    }
    if (empty.length > 0) throw new Error(`no data: ${empty.join('; ')}`)
  },
  async 'the alert rules are loaded and evaluated'({ base }) {
    const { data } = await (await fetch(`${base}/api/v1/rules`)).json()
    const rules = data.groups.flatMap((group) => group.rules)
    if (rules.length !== 6 || rules.some(({ health }) => health !== 'ok'))
      throw new Error(JSON.stringify(rules.map(({ name, health, lastError }) => ({ name, health, lastError }))))
    if (!rules.some(({ name, state }) => name === 'VoloErrorRate' && state === 'pending'))
      throw new Error('a fifth of the calls fails and VoloErrorRate is not pending')
  },
}

async function ask(base, query) {
  return (await fetch(`${base}/api/v1/query?query=${encodeURIComponent(query)}`)).json()
}

/** Starts a Prometheus that scrapes the page each second, and waits until it has rates. */
async function start(folder, port) {
  const config = join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ['${file('alerts.yml')}']
scrape_configs: [{ job_name: shop, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]
`,
  )
  const own = await freePort()
  const base = `http://127.0.0.1:${own}`
  const child = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${own}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-2000)
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  for (const end = performance.now() + startMs; performance.now() < end; await sleep(300)) {
    if (child.exitCode !== null) break
    const answer = await ask(base, 'count_over_time(grpc_server_started_total[1m])').catch(() => undefined)
    if (Number(answer?.data?.result?.[0]?.value?.[1]) >= 5) return { base, stop }
  }
  await stop()
  throw new Error(`Prometheus did not scrape: ${log}`)
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
