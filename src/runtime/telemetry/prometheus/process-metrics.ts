/** Metrics of the process, under the names of prom-client: memory, CPU and the delay of the event loop. */

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { type Metric, readMetric } from './exposition.ts'

/** The delay is measured while this is open: a timer of 10 ms that keeps no process alive. */
export class ProcessMetrics {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 })
  readonly metrics: readonly Metric[]

  constructor() {
    this.#delay.enable()
    const gauge = (name: string, help: string, read: () => number): Metric =>
      readMetric('gauge', name, help, () => [[{}, read()]])
    this.metrics = [
      gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()),
      gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed),
      gauge('nodejs_heap_size_total_bytes', 'Heap taken from the system.', () => process.memoryUsage().heapTotal),
      gauge('nodejs_external_memory_bytes', 'Memory outside the heap.', () => process.memoryUsage().external),
      readMetric('counter', 'process_cpu_seconds_total', 'User and system CPU time.', () => {
        const { user, system } = process.cpuUsage()
        return [[{}, (user + system) / 1e6]]
      }),
      gauge(
        'process_start_time_seconds',
        'Start of the process, in seconds since 1970.',
        () => performance.timeOrigin / 1000,
      ),
      ...([50, 90, 99] as const).map((percent) =>
        gauge(
          `nodejs_eventloop_lag_p${percent}_seconds`,
          `Percentile ${percent} of the delay of the event loop since the last reading.`,
          () => this.#delay.percentile(percent) / 1e9,
        ),
      ),
      {
        ...gauge(
          'nodejs_eventloop_lag_max_seconds',
          'The longest delay of the event loop since the last reading.',
          () => 0,
        ),
        lines: () => {
          const line = `nodejs_eventloop_lag_max_seconds ${this.#delay.max / 1e9}`
          this.#delay.reset()
          return [line]
        },
      },
    ]
  }

  close(): void {
    this.#delay.disable()
  }
}
