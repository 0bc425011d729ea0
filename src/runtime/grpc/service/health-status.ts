/** What a server says of its health, for the health service and for the HTTP answer alike. */

import { processWide } from '../../core/copies/process-wide.ts'
import type { Router } from '../../core/router.ts'

/** Whether a service serves; `SERVICE_UNKNOWN` when there is none of that name. */
export type HealthStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'

/** Where the statuses of a router are kept. */
export interface HealthSource {
  /** The status of a service by its full name; the empty name is the whole server. */
  get(service: string): HealthStatus
}

const sources = processWide('health', () => new WeakMap<Router, HealthSource>())

/** From now on this source speaks for the router. */
export function registerHealth(router: Router, source: HealthSource): void {
  sources.set(router, source)
}

/** The status of a service of a router. Without a source, every service that is there serves. */
export function healthStatus(router: Router, service: string): HealthStatus {
  const source = sources.get(router)
  if (source !== undefined) return source.get(service)
  if (!router.isReady) return 'NOT_SERVING'
  return service === '' || router.has('protobuf', service) ? 'SERVING' : 'SERVICE_UNKNOWN'
}
