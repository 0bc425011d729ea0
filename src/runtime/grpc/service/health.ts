/** addHealth(): the health service of gRPC, v1 (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). */

import { RpcError } from '../../core/error.ts'
import type { ServerRouter } from '../../core/server/router.ts'
import type { ServiceType } from '../../core/service-type.ts'
import { Health, HealthCheckResponse_ServingStatus as Serving } from '../gen/grpc/health/v1/health.ts'
import { type HealthSource, type HealthStatus, registerHealth } from './health-status.ts'

/** What a server's owner says of its health. */
export interface HealthControl extends HealthSource {
  /**
   * Sets the status of a service, named by itself or by its full name, which need not be a service of this server; the
   * empty name is the whole server. Watchers hear of it at once. Once the server drains, all is NOT_SERVING.
   */
  set(service: ServiceType | string, status: 'SERVING' | 'NOT_SERVING' | 'UNKNOWN'): void
  /** Forgets what was set: a service that is there serves, another is unknown. */
  unset(service: ServiceType | string): void
}

/**
 * Adds `grpc.health.v1.Health` to a server (or a router). Every service of the server and the server itself are SERVING
 * until something else is set, and NOT_SERVING from the moment that the server begins to close; watchers are told and
 * their streams end, so that they hold up no drain. The HTTP health check of the option `http` says the same.
 */
export function addHealth(server: { readonly router: ServerRouter }): HealthControl {
  const { router } = server
  const set = new Map<string, HealthStatus>()
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const listener of [...waiting]) listener()
  }
  const get = (service: string): HealthStatus => {
    const said = set.get(service)
    const isKnown = service === '' || said !== undefined || router.has('protobuf', service)
    if (!isKnown) return 'SERVICE_UNKNOWN'
    return router.isReady ? (said ?? 'SERVING') : 'NOT_SERVING'
  }
  router.add(Health, {
    check({ service }) {
      const status = get(service)
      if (status !== 'SERVICE_UNKNOWN') return { status: Serving[status] }
      throw new RpcError('NOT_FOUND', `the service "${service}" is not known here`, { stack: false })
    },
    list() {
      const names = ['', ...router.services.filter(({ idl }) => idl === 'protobuf').map(({ fullName }) => fullName)]
      const statuses: Record<string, { status: number }> = Object.create(null)
      for (const name of new Set([...names, ...set.keys()])) statuses[name] = { status: Serving[get(name)] }
      return { statuses }
    },
    async *watch({ service }, cx) {
      let last: HealthStatus | undefined
      for (;;) {
        const status = get(service)
        if (status !== last) yield { status: Serving[status] }
        last = status
        if (router.isDraining || cx.cancelled !== undefined) return
        if (get(service) !== status) continue
        await new Promise<void>((resolve) => {
          const done = (): void => {
            waiting.delete(done)
            removeCancel()
            resolve()
          }
          waiting.add(done)
          const removeCancel = cx.onCancel(done)
        })
      }
    },
  })
  router.onUnready(wake)
  router.onDrain(wake)
  const control: HealthControl = {
    get,
    set(service, status) {
      set.set(nameOf(service), status)
      wake()
    },
    unset(service) {
      set.delete(nameOf(service))
      wake()
    },
  }
  registerHealth(router, control)
  return control
}

function nameOf(service: ServiceType | string): string {
  return typeof service === 'string' ? service : service.fullName
}
