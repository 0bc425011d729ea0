/** MethodLabels: names of methods for metrics, a bounded number of them. */

/** What a name beyond the bound is called, as in OpenTelemetry's conventions for RPC. */
export const otherMethod = '_OTHER'

/** The part of a call's context that names its method. */
export interface NamedMethod {
  readonly service: { readonly fullName: string }
  readonly method: { readonly name: string }
}

/** `shop.v1.Shop/Checkout` */
export function methodName({ service, method }: NamedMethod): string {
  return `${service.fullName}/${method.name}`
}

/**
 * The labels of methods, `shop.v1.Shop/Checkout`. The first `limit` different ones stand for themselves; every later one
 * is {@link otherMethod}, so that names that peers invent make no metric series without bound.
 */
export class MethodLabels {
  readonly #limit: number
  readonly #byMethod = new WeakMap<object, string>()
  readonly #names = new Set<string>()

  /** `limit`: how many different labels there may be. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The label of the method of a call. */
  of(cx: NamedMethod): string {
    const known = this.#byMethod.get(cx.method)
    if (known !== undefined) return known
    const label = this.bounded(methodName(cx))
    // A method that was made for one call is forgotten with it.
    this.#byMethod.set(cx.method, label)
    return label
  }

  /** The name itself while there is room for it, else {@link otherMethod}. */
  bounded(name: string): string {
    if (this.#names.has(name)) return name
    if (this.#names.size >= this.#limit) return otherMethod
    this.#names.add(name)
    return name
  }
}
