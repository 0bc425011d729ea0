/** Client: typed stubs over a transport or straight over a handler. */

import type { Service } from '../context/service.ts'
import { directService } from '../direct/direct-service.ts'
import { createRouter } from '../server/router.ts'
import type { MethodType, ServiceType } from '../service-type.ts'
import type { Transport } from '../transport.ts'
import type { ClientOptions } from './call-options.ts'
import { clientOver } from './transport-client.ts'

/**
 * A client of a service over a transport, or, without any server, over an object that implements the service. Its
 * methods need no `this`. A call rejects with an exception declared in the IDL, a BizError or an RpcError; it settles
 * at once when its deadline passes (DEADLINE_EXCEEDED) or its signal aborts (CANCELLED), whatever the transport does.
 * Streamed responses are AsyncIterables: the call starts at the call, leaving the loop cancels it. Throws RangeError on
 * a time that is no number, TypeError on options of a method that the service does not have.
 */
export function createClient<C, H>(
  service: ServiceType<C, H>,
  target: Transport | NoInfer<H>,
  options: ClientOptions<NoInfer<C>> = {},
): C {
  return isTransport(service, target)
    ? clientOver(service, target.bind(service), target, options)
    : clientOver(service, overHandler(service, target), undefined, options)
}

/** The Service of a client whose target is a handler. */
function overHandler(service: ServiceType, handler: unknown): Service {
  return directService(service, createRouter({ services: [{ service, handler }] }), {
    peer: { address: 'inproc', kind: 'inproc' },
  })
}

function isTransport(service: ServiceType, target: unknown): target is Transport {
  if (typeof target !== 'object' || target === null || typeof (target as Transport).bind !== 'function') return false
  // A handler may have a method of that name, and then it has the others too.
  const has = ({ localName }: MethodType): boolean =>
    typeof (target as Record<string, unknown>)[localName] === 'function'
  return !service.methods.some((method) => method.localName === 'bind') || !service.methods.every(has)
}
