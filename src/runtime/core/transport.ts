/** Transport: how a client's calls travel; thrift(), grpc() and inProcess() make them. */

import type { Service } from './context/service.ts'
import type { ServiceType } from './service-type.ts'

/**
 * A way to a server. It owns its connections, may be shared by many clients, and is closed by whoever made it.
 * `bind` is called once per client and gives its innermost Service: it gets requests as the input type of
 * `cx.method.request` and answers with the output type (for Thrift the value of `success`, declared exceptions thrown).
 * While a call runs it listens to `cx.onCancel` and then stops at once; it need not settle, the stub does.
 */
export interface Transport {
  bind(service: ServiceType): Service
  /** It goes where the `callAddress` of a call's context says. Without it calls that name an address are refused. */
  readonly takesAddress?: boolean
  /**
   * Where the transport itself makes several attempts of a call: wraps the Service of one attempt, which is what `bind`
   * gave with the client's `attemptLayers` around it. Called once per client.
   */
  attempts?(service: ServiceType, attempt: Service): Service
  /** Stops intake, lets calls in flight end for `drainMs` milliseconds (default 10,000), then fails them as UNAVAILABLE. Idempotent. */
  close(options?: { readonly drainMs?: number }): Promise<void>
}
