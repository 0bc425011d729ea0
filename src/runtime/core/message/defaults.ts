/** The defaults that an IDL writes for members of a message, as values. */

/** What a message type has besides when its IDL writes defaults: `I` is the input type, `D` has the members with a default. */
export interface MessageDefaults<I, D> {
  /** The defaults by member, made when they are first read. Objects and arrays are frozen; bytes, Sets and Maps cannot be. */
  readonly defaults: D
  /**
   * Whether a message holds a value of its own for the member. Where defaults are filled in (Thrift, unless `optional_defaults` is
   * `keep`), every message that was decoded or completed does.
   */
  isSet(message: I, member: keyof D): boolean
}

const made = new WeakMap<object, object>()

/** The defaults of a type: made once, frozen. Generated code calls it. */
export function defaultsOf<T extends object>(type: object, make: () => T): T {
  let defaults = made.get(type)
  if (defaults === undefined) {
    defaults = make()
    freeze(defaults)
    made.set(type, defaults)
  }
  return defaults as T
}

/** Adds {@link MessageDefaults} to a message type. */
export function withDefaults<T extends object, I, D extends object>(type: T, make: () => D): T & MessageDefaults<I, D> {
  return Object.defineProperties(type, {
    defaults: { enumerable: true, get: () => defaultsOf(type, make) },
    isSet: { enumerable: true, value: (message: Partial<D>, member: keyof D) => message[member] != null },
  }) as T & MessageDefaults<I, D>
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== null && prototype !== Object.prototype) return
  Object.freeze(value)
  for (const one of Object.values(value)) freeze(one)
}
