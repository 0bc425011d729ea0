/** JsonMethods: methods of services that are not protobuf's, by unary calls in JSON: `POST /Service/Method`. */

import type { Route, Router } from '../../core/router.ts'
import type { MethodCodec } from '../codec.ts'
import type { HttpFailure } from './connect-error.ts'

/** One such method. */
export interface JsonMethod extends MethodCodec {
  readonly route: Route
  readonly isJson: true
  /** What its caller is told of an error that the IDL declares; undefined for any other. Throws for one that is no JSON. */
  failure(error: unknown): HttpFailure | undefined
}

/** Where they come from. */
export interface JsonMethods {
  /** Whether a service of that name may be called so. */
  has(router: Router, service: string): boolean
  /** A method of a service; undefined when there is none. */
  find(router: Router, service: string, method: string): JsonMethod | undefined
}

/** The service and method of a path; undefined for a path that is of another shape. */
export function pathParts(path: string): readonly [service: string, method: string] | undefined {
  const [, service, method] = /^\/([^/?]+)\/([^/?]+)$/.exec(path) ?? []
  return service === undefined ? undefined : [service, method!]
}
