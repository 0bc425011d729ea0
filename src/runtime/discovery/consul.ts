/** consul(): a Discover of the healthy instances that Consul knows, as Kitex's registry-consul stores them. */

import { RpcError } from '../core/error.ts'
import { quoted } from '../core/text/printable.ts'
import { type Discover, type DiscoverOptions, type DiscoverReport, discover } from './discover.ts'
import { defaultWeight, type Instance, instance } from './instance.ts'
import { pause } from './pause.ts'

/** Options of {@link consul}. */
export interface ConsulOptions extends DiscoverOptions {
  /** Name of the service. */
  readonly service: string
  /** Milliseconds that a question waits for a change. Default 55,000; Consul's own limit is ten minutes. */
  readonly waitMs?: number | undefined
  /** An ACL token. */
  readonly token?: string | undefined
  readonly datacenter?: string | undefined
  /** Is told of entries that cannot be used, by name. Default: `console.warn`. */
  readonly onWarning?: ((text: string) => void) | undefined
}

/** Milliseconds between two questions where the last one failed, or Consul answers at once although nothing changed. */
const pauseMs = 1_000
/** Milliseconds between two questions at least, however often Consul says that something has changed. */
const spacingMs = 100
/** The longest answer that is read. */
const mostBytes = 16 * 1024 * 1024

/**
 * The instances of a service whose checks pass, by blocking queries of the agent at `address` (`127.0.0.1:8500`, or a
 * URL). An entry that is not an instance is left out with a warning that names it.
 * Source: Consul, "Health HTTP API" and "Blocking queries".
 */
export function consul(address: string, options: ConsulOptions): Discover {
  const {
    service,
    waitMs = 55_000,
    token,
    datacenter,
    onWarning = (text: string) => console.warn(`volo: ${text}`),
  } = options
  const base = /^https?:\/\//.test(address) ? address.replace(/\/$/, '') : `http://${address}`
  const query = new URLSearchParams({ passing: 'true', wait: `${Math.ceil(waitMs)}ms` })
  if (datacenter !== undefined) query.set('dc', datacenter)
  const path = `${base}/v1/health/service/${encodeURIComponent(service)}`
  const headers: Record<string, string> = token === undefined ? {} : { 'x-consul-token': token }
  const ask = async (index: string | undefined, signal: AbortSignal): Promise<{ all: Instance[]; index: string }> => {
    if (index === undefined) query.delete('index')
    else query.set('index', index)
    // Consul adds up to a sixteenth of the wait; a dead connection must not be waited for.
    const limit = AbortSignal.timeout(Math.ceil(waitMs * 1.1) + 10_000)
    const response = await fetch(`${path}?${query}`, { headers, signal: AbortSignal.any([signal, limit]) })
    const text = await boundedText(response)
    if (!response.ok) throw new Error(`Consul answers ${response.status}: ${text.slice(0, 200)}`)
    return { all: readInstances(text, onWarning), index: response.headers.get('x-consul-index') ?? '0' }
  }
  const watch = async (report: DiscoverReport, signal: AbortSignal): Promise<void> => {
    let index: string | undefined
    while (!signal.aborted) {
      const asked = performance.now()
      const before = index
      try {
        const answer = await ask(index, signal)
        // An index that goes back is of another history: the next question must not wait.
        index = Number(answer.index) > 0 && Number(answer.index) >= Number(index ?? 0) ? answer.index : undefined
        if (!signal.aborted) report.instances(answer.all)
      } catch (error) {
        if (signal.aborted) return
        index = undefined
        report.failed(unavailable(base, service, error))
        await pause(pauseMs, signal)
      }
      const least = index === before ? pauseMs : spacingMs
      if (performance.now() - asked < least) await pause(least, signal)
    }
  }
  return discover(
    {
      target: `consul://${base.replace(/^https?:\/\//, '')}/${service}`,
      start(report) {
        const stop = new AbortController()
        void watch(report, stop.signal)
        return () => stop.abort()
      },
    },
    options,
  )
}

function unavailable(base: string, service: string, error: unknown): RpcError {
  const { cause, message } = error as Error
  const why = cause instanceof Error ? cause.message : message
  const text = `Consul at ${base} cannot be asked for ${quoted(service)}: ${why}`
  return new RpcError('UNAVAILABLE', text, { cause: error, bytesSent: false, stack: false })
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > mostBytes) throw new Error(`the answer is longer than ${mostBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

interface Entry {
  readonly Node?: { readonly Address?: string }
  readonly Service?: {
    readonly ID?: string
    readonly Address?: string
    readonly Port?: number
    readonly Tags?: readonly string[] | null
    readonly Weights?: { readonly Passing?: number }
  }
}

function readInstances(text: string, onWarning: (text: string) => void): Instance[] {
  const entries: unknown = JSON.parse(text)
  if (!Array.isArray(entries)) throw new Error('the answer is no list')
  return entries.flatMap((entry: Entry) => {
    const { ID: id = '?', Address: own, Port: port, Tags: tags, Weights: weights } = entry?.Service ?? {}
    const host = own === undefined || own === '' ? entry?.Node?.Address : own
    const weight = weights?.Passing
    try {
      const address = `${host?.includes(':') ? `[${host}]` : host}:${port}`
      return [instance(address, weight === undefined || weight <= 0 ? defaultWeight : weight, readTags(tags ?? []))]
    } catch (error) {
      onWarning(`the entry ${quoted(String(id))} of Consul is left out: ${(error as Error).message}`)
      return []
    }
  })
}

/** `zone:a` is `{ zone: 'a' }`, as Kitex writes it. */
function readTags(tags: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const tag of tags) {
    const colon = tag.indexOf(':')
    if (colon > 0) found[tag.slice(0, colon)] = tag.slice(colon + 1)
  }
  return found
}
