/** What telemetry() adds to a call on one side: in-process calls through the layer, beside a layer that does nothing. Needs `npm run build`. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const self = fileURLToPath(import.meta.url)
const modes = {
  nothing: 'a layer that passes calls on',
  'no SDK': 'telemetry(), no SDK registered',
  'sampled out': 'telemetry(), SDK, no span sampled, no metrics',
  metrics: 'telemetry(), SDK, metrics alone',
  recorded: 'telemetry(), SDK, every span recorded, metrics',
}
const rounds = 5
const calls = 200_000

async function registerSdk(mode) {
  const { context, metrics, propagation, trace } = await import('@opentelemetry/api')
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks')
  const { W3CTraceContextPropagator } = await import('@opentelemetry/core')
  const { AlwaysOffSampler, BasicTracerProvider } = await import('@opentelemetry/sdk-trace-base')
  const { MeterProvider } = await import('@opentelemetry/sdk-metrics')
  if (mode !== 'sampled out') metrics.setGlobalMeterProvider(new MeterProvider())
  if (mode === 'metrics') return
  const sampler = mode === 'sampled out' ? { sampler: new AlwaysOffSampler() } : {}
  trace.setGlobalTracerProvider(new BasicTracerProvider(sampler))
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
}

/** Prints microseconds of CPU per call. */
async function measure(mode) {
  const { createClient, createRouter } = await import('volo-ts')
  const { inProcess } = await import('volo-ts/inproc')
  const { telemetry } = await import('volo-ts/opentelemetry')
  const { Records } = await import(new URL('gen/record-thrift.js', import.meta.url).href)
  if (mode !== 'nothing' && mode !== 'no SDK') await registerSdk(mode)
  const layer = mode === 'nothing' ? (next) => (cx, request) => next(cx, request) : telemetry()
  const router = createRouter().add(Records, { async noop() {}, echo: async (record) => record })
  const client = createClient(Records, inProcess(router), { layers: [layer] })
  const run = async () => {
    for (let i = 0; i < calls; i++) await client.noop()
  }
  await run()
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  console.log((user + system) / calls)
}

if (process.argv[2] !== undefined) await measure(process.argv[2])
else {
  const { generate } = await import('./generate.mjs')
  generate(['idl/record.thrift'])
  const figures = Object.fromEntries(Object.keys(modes).map((mode) => [mode, []]))
  for (let round = 0; round < rounds; round++) {
    for (const mode of Object.keys(modes)) {
      const { stdout, status, stderr } = spawnSync(process.execPath, [self, mode], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`${mode}: ${stderr}`)
      figures[mode].push(Number(stdout))
    }
  }
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]
  const floor = median(figures.nothing)
  console.log(
    '## OpenTelemetry, in-process noop\n\nCPU of one call, the layer on the client alone; median of five rounds.\n',
  )
  console.log('| layer | us per call | added |\n|---|--:|--:|')
  for (const [mode, name] of Object.entries(modes)) {
    const us = median(figures[mode])
    console.log(`| ${name} | ${us.toFixed(3)} | ${mode === 'nothing' ? '' : (us - floor).toFixed(3)} |`)
  }
}
