/** consulRegistry(): servers register with a Consul agent as Kitex's registry-consul does. */

import { RpcError } from '../core/error.ts'
import type { Registration, Registry } from './registry.ts'

/** Options of {@link consulRegistry}. */
export interface ConsulRegistryOptions {
  /** An ACL token. */
  readonly token?: string | undefined
  /** Milliseconds that a request may take. Default 5,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Registers with the agent at `address` (`127.0.0.1:8500`, or a URL): ID `service:host:port`, the tags as `key:value`, the
 * weight for passing and warning, and a TCP check every five seconds, after a minute of which a dead server is removed.
 * Source: Consul, "Agent service HTTP API".
 */
export function consulRegistry(address: string, options: ConsulRegistryOptions = {}): Registry {
  const { token, timeoutMs = 5_000 } = options
  const base = /^https?:\/\//.test(address) ? address.replace(/\/$/, '') : `http://${address}`
  const headers: Record<string, string> = token === undefined ? {} : { 'x-consul-token': token }
  const ask = async (method: string, path: string, body?: object): Promise<Response> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    try {
      return await fetch(`${base}${path}`, { method, headers, signal: AbortSignal.timeout(timeoutMs), ...sent })
    } catch (error) {
      const { cause, message } = error as Error
      const why = cause instanceof Error ? cause.message : message
      throw new RpcError('UNAVAILABLE', `Consul at ${base} does not answer: ${why}`, { cause: error, stack: false })
    }
  }
  const must = async (what: string, method: string, path: string, body?: object): Promise<void> => {
    const response = await ask(method, path, body)
    const text = (await response.text()).slice(0, 200)
    if (!response.ok && response.status !== 404)
      throw new RpcError('UNAVAILABLE', `Consul at ${base} refuses to ${what}: ${response.status} ${text}`, {
        stack: false,
      })
  }
  return {
    target: `consul://${base.replace(/^https?:\/\//, '')}`,
    async register(registration) {
      const { host, port } = endOf(registration)
      const weight = Math.max(1, Math.round(registration.weight))
      await must('register', 'PUT', '/v1/agent/service/register', {
        ID: idOf(registration),
        Name: registration.service,
        Address: host,
        Port: port,
        Tags: Object.entries(registration.tags).map(([name, value]) => `${tagName(name)}:${value}`),
        Weights: { Passing: weight, Warning: weight },
        Check: {
          TCP: registration.address,
          Timeout: '5s',
          Interval: '5s',
          DeregisterCriticalServiceAfter: '1m',
        },
      })
    },
    deregister: (registration) =>
      must('deregister', 'PUT', `/v1/agent/service/deregister/${encodeURIComponent(idOf(registration))}`),
    async isRegistered(registration) {
      const response = await ask('GET', `/v1/agent/service/${encodeURIComponent(idOf(registration))}`)
      await response.body?.cancel()
      return response.ok
    },
  }
}

const idOf = ({ service, address }: Registration): string => `${service}:${address}`

function tagName(name: string): string {
  if (name.includes(':')) throw new RpcError('INVALID_ARGUMENT', `Consul: the tag ${name} has a colon in its name`)
  return name
}

function endOf({ address }: Registration): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(.*)\]|([^:]+)):(\d+)$/.exec(address)
  if (match === null) throw new RpcError('INVALID_ARGUMENT', `Consul: ${address} has no host and port`)
  return { host: match[1] ?? match[2]!, port: Number(match[3]) }
}
