/** brand(): classes whose `instanceof` knows what another copy of this package made. */

/**
 * Makes `instanceof` true for instances that another copy of this package made: they carry the symbol `volo-ts.NAME`, which is
 * returned. Copies of any version agree on it; where the members that this package uses are internal, `name` is one of
 * {@link ofThisVersion}. Subclasses keep the ordinary `instanceof`.
 */
export function brand(type: BrandedClass, name: string): symbol {
  const symbol = Symbol.for(`volo-ts.${name}`)
  Object.defineProperty(type.prototype, symbol, { value: true })
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return this === type ? hasSymbol(value, symbol) : ordinaryHasInstance.call(this as BrandedClass, value)
    },
  })
  return symbol
}

type BrandedClass = abstract new (...args: never[]) => object

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance]

/** Whether a value is an object with a member of that name; false for a proxy that does not tell. */
export function hasSymbol(value: unknown, name: symbol): boolean {
  try {
    return typeof value === 'object' && value !== null && name in value
  } catch {
    return false
  }
}
