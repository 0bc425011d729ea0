/** EtcdClient: calls to a cluster of etcd: one endpoint after the other until one answers, with authentication. */

import type { CallOptions } from '../core/client/call-options.ts'
import { createClient } from '../core/client/client.ts'
import { isRpcError, RpcError } from '../core/error.ts'
import { grpc } from '../grpc/client/transport.ts'
import {
  Auth,
  type AuthClient,
  KV,
  type KVClient,
  Lease,
  type LeaseClient,
  Watch,
  type WatchClient,
} from './gen/etcd.ts'

/** Options of whatever talks to etcd. */
export interface EtcdOptions {
  /** Default: no TLS. */
  readonly tls?: NonNullable<Parameters<typeof grpc>[1]>['tls']
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Milliseconds that one request may take. Default 5,000. */
  readonly timeoutMs?: number | undefined
}

/** The services of one endpoint. */
export interface EtcdServices {
  readonly kv: KVClient
  readonly watch: WatchClient
  readonly lease: LeaseClient
}

interface Endpoint extends EtcdServices {
  readonly auth: AuthClient
  readonly close: () => Promise<void>
}

/** Connects when it is first used. */
export class EtcdClient {
  readonly #addresses: readonly string[]
  readonly #options: EtcdOptions
  #endpoint: Endpoint | undefined
  #next = 0
  #token: string | undefined

  /** `endpoints`: `10.0.0.1:2379,10.0.0.2:2379`, or a list. Throws TypeError where there is none. */
  constructor(endpoints: string | readonly string[], options: EtcdOptions) {
    const listed = typeof endpoints === 'string' ? endpoints.split(',') : endpoints
    this.#addresses = listed.map((one) => one.trim().replace(/^https?:\/\//, '')).filter((one) => one !== '')
    if (this.#addresses.length === 0) throw new TypeError('etcd: there is no endpoint')
    this.#options = options
  }

  get target(): string {
    return `etcd://${this.#addresses.join(',')}`
  }

  /** Makes a request of one endpoint, and of the next ones where it is not answered. */
  async ask<T>(run: (services: EtcdServices, options: CallOptions) => Promise<T>): Promise<T> {
    const { timeoutMs = 5_000 } = this.#options
    let failure: unknown
    for (let i = 0; i < this.#addresses.length; i++) {
      try {
        return await this.#authenticated((services, metadata) => run(services, { timeoutMs, metadata }))
      } catch (error) {
        failure = error
        if (!isRpcError(error) || (error.code !== 'UNAVAILABLE' && error.code !== 'DEADLINE_EXCEEDED')) throw error
        await this.turn()
      }
    }
    throw failure
  }

  /** The services of the endpoint in use, and the metadata of a stream, which ends when the endpoint has no leader. */
  async stream(): Promise<{ readonly services: EtcdServices; readonly metadata: Record<string, string> }> {
    const metadata = await this.#metadata()
    return { services: this.#current, metadata: { ...metadata, hasleader: 'true' } }
  }

  /** Goes on with the next endpoint. */
  async turn(): Promise<void> {
    const old = this.#endpoint
    this.#endpoint = undefined
    this.#next = (this.#next + 1) % this.#addresses.length
    await old?.close()
  }

  async close(): Promise<void> {
    await this.#endpoint?.close()
    this.#endpoint = undefined
  }

  get #current(): Endpoint {
    this.#endpoint ??= this.#open(this.#addresses[this.#next]!)
    return this.#endpoint
  }

  #open(address: string): Endpoint {
    const { tls } = this.#options
    // A member that has vanished without a word is noticed.
    const transport = grpc(address, {
      ...(tls === undefined ? {} : { tls }),
      keepalive: { intervalMs: 30_000, timeoutMs: 10_000 },
    })
    return {
      kv: createClient(KV, transport),
      watch: createClient(Watch, transport),
      lease: createClient(Lease, transport),
      auth: createClient(Auth, transport),
      close: () => transport.close({ drainMs: 0 }),
    }
  }

  async #authenticated<T>(run: (services: EtcdServices, metadata: Record<string, string>) => Promise<T>): Promise<T> {
    try {
      return await run(this.#current, await this.#metadata())
    } catch (error) {
      // A token ends with the etcd that gave it, or after five minutes.
      if (!isRpcError(error) || error.code !== 'UNAUTHENTICATED' || this.#token === undefined) throw error
      this.#token = undefined
      return run(this.#current, await this.#metadata())
    }
  }

  async #metadata(): Promise<Record<string, string>> {
    const { username, password, timeoutMs = 5_000 } = this.#options
    if (username === undefined) return {}
    if (this.#token === undefined) {
      const { token } = await this.#current.auth.authenticate(
        { name: username, password: password ?? '' },
        { timeoutMs },
      )
      this.#token = token
    }
    return { token: this.#token }
  }
}

/** What went wrong with etcd, in one sentence. */
export function etcdFailure(target: string, error: unknown): RpcError {
  const text = `${target} does not answer: ${error instanceof Error ? error.message : String(error)}`
  return new RpcError('UNAVAILABLE', text, { cause: error, bytesSent: false, stack: false })
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The bytes of a key or value. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The text of a key or value. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** The end of the range of all keys that begin with a prefix. */
export function rangeEnd(prefix: string): Uint8Array {
  const end = encoder.encode(prefix)
  end[end.length - 1]!++
  return end
}
