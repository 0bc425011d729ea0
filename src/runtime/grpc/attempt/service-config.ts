/** The service config of gRPC: what a client does for each method, as its JSON says (https://github.com/grpc/grpc/blob/master/doc/service_config.md). */

import { type RpcCode, RpcError, rpcCodes } from '../../core/error.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'

/** Attempts beyond this number are not made, whatever a policy says (gRFC A6). */
const mostAttempts = 5

/** How a failed call is tried again (gRFC A6). */
export interface RetryPolicy {
  /** Attempts at most, the first included; 2 to 5. */
  readonly maxAttempts: number
  readonly initialBackoffMs: number
  readonly maxBackoffMs: number
  readonly backoffMultiplier: number
  readonly retryableStatusCodes: ReadonlySet<RpcCode>
}

/** How a call is sent several times at once (gRFC A6). */
export interface HedgingPolicy {
  /** Attempts at most, the first included; 2 to 5. */
  readonly maxAttempts: number
  /** Milliseconds between two of them. */
  readonly hedgingDelayMs: number
  readonly nonFatalStatusCodes: ReadonlySet<RpcCode>
}

/** When retries stop because too many calls fail (gRFC A6). */
export interface RetryThrottling {
  readonly maxTokens: number
  readonly tokenRatio: number
}

/** What a config says of a method. */
export interface MethodConfig {
  readonly timeoutMs: number | undefined
  readonly waitForReady: boolean | undefined
  readonly maxRequestMessageBytes: number | undefined
  readonly maxResponseMessageBytes: number | undefined
  readonly retryPolicy: RetryPolicy | undefined
  readonly hedgingPolicy: HedgingPolicy | undefined
}

/** A service config that has been read. */
export interface ServiceConfig {
  readonly retryThrottling: RetryThrottling | undefined
  /** What it says of a method: the entry of the method itself, else of its service, else the default one. */
  of(service: ServiceType, method: MethodType): MethodConfig | undefined
}

/** A duration as JSON has it: `"1.5s"`. */
type JsonDuration = string

/** The retry policy of a method in JSON. */
export interface RetryPolicyInit {
  readonly maxAttempts: number
  readonly initialBackoff: JsonDuration
  readonly maxBackoff: JsonDuration
  readonly backoffMultiplier: number
  readonly retryableStatusCodes: readonly (RpcCode | number)[]
}

/** The hedging policy of a method in JSON. */
export interface HedgingPolicyInit {
  readonly maxAttempts: number
  /** Default `"0s"`: all at once. */
  readonly hedgingDelay?: JsonDuration | undefined
  readonly nonFatalStatusCodes?: readonly (RpcCode | number)[] | undefined
}

/** What the config says of some methods, in JSON. */
export interface MethodConfigInit {
  /** Which ones: `{ service, method }`, `{ service }` for all of a service, `{}` for all that no other entry names. */
  readonly name: readonly { readonly service?: string | undefined; readonly method?: string | undefined }[]
  readonly timeout?: JsonDuration | undefined
  readonly waitForReady?: boolean | undefined
  readonly maxRequestMessageBytes?: number | undefined
  readonly maxResponseMessageBytes?: number | undefined
  readonly retryPolicy?: RetryPolicyInit | undefined
  readonly hedgingPolicy?: HedgingPolicyInit | undefined
}

/** A service config as an object, or as its JSON. Members that it does not name have no effect here. */
export type ServiceConfigInit =
  | string
  | {
      readonly methodConfig?: readonly MethodConfigInit[] | undefined
      readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number } | undefined
      readonly [other: string]: unknown
    }

/** Reads a config. Throws RpcError INVALID_ARGUMENT that names the place of the first thing that is wrong. */
export function readServiceConfig(init: ServiceConfigInit | undefined): ServiceConfig {
  const byName = new Map<string, MethodConfig>()
  if (init === undefined) return { retryThrottling: undefined, of: () => undefined }
  const root = new Place('', typeof init === 'string' ? parse(init) : init)
  for (const entry of root.list('methodConfig') ?? []) {
    const config = readMethod(entry)
    for (const name of entry.list('name') ?? []) {
      const key = readName(name)
      if (byName.has(key)) throw name.wrong(`${JSON.stringify(name.value)} stands in more than one methodConfig`)
      byName.set(key, config)
    }
  }
  const throttling = root.object('retryThrottling')
  return {
    retryThrottling: throttling === undefined ? undefined : readThrottling(throttling),
    of: (service, method) =>
      byName.get(`${service.fullName}/${method.name}`) ?? byName.get(`${service.fullName}/`) ?? byName.get('/'),
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new RpcError('INVALID_ARGUMENT', `bad service config: not JSON: ${reason}`, { cause })
  }
}

function readName(name: Place): string {
  const service = name.text('service') ?? ''
  const method = name.text('method') ?? ''
  if (service === '' && method !== '') throw name.wrong('names a method without its service')
  return `${service}/${method}`
}

function readMethod(entry: Place): MethodConfig {
  const retry = entry.object('retryPolicy')
  const hedging = entry.object('hedgingPolicy')
  if (retry !== undefined && hedging !== undefined) {
    throw entry.wrong('has a retryPolicy and a hedgingPolicy; a method has one of them at most')
  }
  return {
    timeoutMs: entry.duration('timeout'),
    waitForReady: entry.flag('waitForReady'),
    maxRequestMessageBytes: entry.number('maxRequestMessageBytes', wholeFrom(0)),
    maxResponseMessageBytes: entry.number('maxResponseMessageBytes', wholeFrom(0)),
    retryPolicy: retry === undefined ? undefined : readRetry(retry),
    hedgingPolicy: hedging === undefined ? undefined : readHedging(hedging),
  }
}

function readRetry(policy: Place): RetryPolicy {
  const codes = policy.codes('retryableStatusCodes') ?? policy.missing('retryableStatusCodes')
  if (codes.size === 0) throw policy.at('retryableStatusCodes').wrong('is empty')
  return {
    maxAttempts: readAttempts(policy),
    initialBackoffMs: positive(policy, 'initialBackoff'),
    maxBackoffMs: positive(policy, 'maxBackoff'),
    backoffMultiplier: policy.number('backoffMultiplier', aboveZero) ?? policy.missing('backoffMultiplier'),
    retryableStatusCodes: codes,
  }
}

function readHedging(policy: Place): HedgingPolicy {
  return {
    maxAttempts: readAttempts(policy),
    hedgingDelayMs: policy.duration('hedgingDelay') ?? 0,
    nonFatalStatusCodes: policy.codes('nonFatalStatusCodes') ?? new Set(),
  }
}

function readAttempts(policy: Place): number {
  return Math.min(mostAttempts, policy.number('maxAttempts', wholeFrom(2)) ?? policy.missing('maxAttempts'))
}

function positive(policy: Place, name: string): number {
  const ms = policy.duration(name) ?? policy.missing(name)
  if (ms === 0) throw policy.at(name).wrong('must be more than 0s')
  return ms
}

function readThrottling(throttling: Place): RetryThrottling {
  const maxTokens = throttling.number('maxTokens', aboveZero) ?? throttling.missing('maxTokens')
  if (maxTokens > 1000) throw throttling.at('maxTokens').wrong(`is ${maxTokens}, and may be 1000 at most`)
  const ratio = throttling.number('tokenRatio', aboveZero) ?? throttling.missing('tokenRatio')
  return { maxTokens, tokenRatio: Math.floor(ratio * 1000) / 1000 }
}

interface NumberRule {
  readonly says: string
  readonly holds: (value: number) => boolean
}

function wholeFrom(least: number): NumberRule {
  return {
    says: `a whole number of at least ${least}`,
    holds: (value) => Number.isSafeInteger(value) && value >= least,
  }
}

const aboveZero: NumberRule = { says: 'a number above 0', holds: (value) => Number.isFinite(value) && value > 0 }

/** A value in a config, with its path for messages. A member is known by its name in lowerCamelCase or snake_case, as in all of protobuf's JSON. */
class Place {
  readonly path: string
  readonly value: unknown

  constructor(path: string, value: unknown) {
    this.path = path
    this.value = value
  }

  /** The member of that name; its value is undefined where there is none, or null. */
  at(name: string): Place {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.wrong(`must be an object, not ${shown(this.value)}`)
    }
    const members = this.value as Record<string, unknown>
    const snake = name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
    const value = members[name] ?? members[snake] ?? undefined
    return new Place(this.path === '' ? name : `${this.path}.${name}`, value)
  }

  wrong(what: string): RpcError {
    return new RpcError('INVALID_ARGUMENT', `bad service config: ${this.path === '' ? 'it' : this.path} ${what}`)
  }

  missing(name: string): never {
    throw this.at(name).wrong('is missing')
  }

  list(name: string): Place[] | undefined {
    const { path, value } = this.at(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw new Place(path, value).wrong(`must be a list, not ${shown(value)}`)
    return value.map((one: unknown, index) => new Place(`${path}[${index}]`, one))
  }

  object(name: string): Place | undefined {
    const place = this.at(name)
    return place.value === undefined ? undefined : place
  }

  text(name: string): string | undefined {
    const place = this.at(name)
    if (place.value === undefined || typeof place.value === 'string') return place.value
    throw place.wrong(`must be a string, not ${shown(place.value)}`)
  }

  flag(name: string): boolean | undefined {
    const place = this.at(name)
    if (place.value === undefined || typeof place.value === 'boolean') return place.value
    throw place.wrong(`must be true or false, not ${shown(place.value)}`)
  }

  /** Also as a string, which is how protobuf's JSON writes 64-bit numbers. */
  number(name: string, rule: NumberRule): number | undefined {
    const place = this.at(name)
    if (place.value === undefined) return undefined
    const number = typeof place.value === 'string' && place.value !== '' ? Number(place.value) : place.value
    if (typeof number === 'number' && rule.holds(number)) return number
    throw place.wrong(`must be ${rule.says}, not ${shown(place.value)}`)
  }

  /** Milliseconds. */
  duration(name: string): number | undefined {
    const place = this.at(name)
    const { value } = place
    if (value === undefined) return undefined
    if (typeof value === 'string' && /^(?:\d{1,12}|\d{0,12}\.\d{1,9})s$/.test(value)) {
      return Number(value.slice(0, -1)) * 1000
    }
    throw place.wrong(`must be a duration such as "1.5s", not ${shown(value)}`)
  }

  codes(name: string): Set<RpcCode> | undefined {
    const list = this.list(name)
    if (list === undefined) return undefined
    return new Set(
      list.map((place) => {
        const { value } = place
        const code = typeof value === 'number' ? rpcCodes[value - 1] : rpcCodes.find((one) => one === value)
        if (code === undefined)
          throw place.wrong(`is no status code: ${shown(value)}; write "UNAVAILABLE" for instance`)
        return code
      }),
    )
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 64 ? `${text.slice(0, 64)}...` : text
}
