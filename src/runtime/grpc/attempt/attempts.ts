/** attemptsOf(): what the service config of a transport makes of one attempt. */

import type { Context } from '../../core/context/context.ts'
import { withDeadline } from '../../core/context/deadline-context.ts'
import type { Service } from '../../core/context/service.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'
import type { AttemptPlan } from './attempt-call.ts'
import { HedgingCall } from './hedging-call.ts'
import type { ReplayBudget } from './replay.ts'
import type { RetryThrottle } from './retry-throttle.ts'
import { RetryingCall } from './retrying-call.ts'
import type { MethodConfig } from './service-config.ts'

/** What a transport says about attempts. */
export interface AttemptsOptions {
  readonly methodConfig: (method: MethodType) => MethodConfig | undefined
  readonly throttle: RetryThrottle | undefined
  readonly budget: ReplayBudget
  /** False: timeouts only. */
  readonly retries: boolean
}

/** Wraps the Service of one attempt; it comes back as it is where the config has nothing to say. */
export function attemptsOf(service: ServiceType, attempt: Service, options: AttemptsOptions): Service {
  const { throttle, budget } = options
  const plan: AttemptPlan = { attempt, throttle, budget }
  const services = new Map<MethodType, Service>()
  for (const method of service.methods) {
    const config = options.methodConfig(method)
    const made = config === undefined ? undefined : serviceOf(config, plan, options.retries)
    if (made !== undefined) services.set(method, made)
    else if (throttle !== undefined) services.set(method, counted(attempt, throttle))
  }
  if (services.size === 0) return attempt
  return (cx, request) => (services.get(cx.method) ?? attempt)(cx, request)
}

/** Undefined when the config wants nothing special. */
function serviceOf(config: MethodConfig, plan: AttemptPlan, retries: boolean): Service | undefined {
  const { retryPolicy, hedgingPolicy, timeoutMs } = config
  let inner: Service | undefined
  if (retries && retryPolicy !== undefined) {
    inner = (cx: Context, request: unknown) => new RetryingCall(plan, retryPolicy, cx, request).run()
  } else if (retries && hedgingPolicy !== undefined) {
    inner = (cx: Context, request: unknown) => new HedgingCall(plan, hedgingPolicy, cx, request).run()
  }
  if (timeoutMs === undefined) return inner
  const next = inner ?? plan.attempt
  return (cx, request) => withDeadline(cx, performance.now() + timeoutMs, next, request)
}

/** Calls that are never tried again say only that they went well. */
function counted(attempt: Service, throttle: RetryThrottle): Service {
  return async (cx, request) => {
    const response = await attempt(cx, request)
    throttle.succeeded()
    return response
  }
}
