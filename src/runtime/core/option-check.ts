/** Checks options at run time: numbers come from the environment, and JavaScript has no types. */

/** What an option may be, and how a message says it. */
export interface OptionKind {
  readonly words: string
  readonly holds: (value: unknown) => boolean
}

/** What every option of `O` may be; `undefined` may be any of them. Options in options have a table of their own. */
export type OptionTable<O> = { readonly [K in keyof O]-?: OptionKind | OptionTable<NonNullable<O[K]>> }

type AnyTable = { readonly [name: string]: OptionKind | AnyTable }

const kind = (words: string, holds: (value: unknown) => boolean): OptionKind => ({ words, holds })

/** Whether a value is a number other than NaN. */
export const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value)

/** A number, Infinity included. */
export const atLeast = (least: number): OptionKind =>
  kind(`a number of at least ${least}`, (value) => typeof value === 'number' && value >= least)
export const integerWithin = (least: number, most: number): OptionKind =>
  kind(
    `an integer from ${least} to ${most}`,
    (value) => Number.isInteger(value) && least <= Number(value) && Number(value) <= most,
  )
export const oneOf = (...choices: readonly unknown[]): OptionKind =>
  kind(`one of ${choices.map(String).join(', ')}`, (value) => choices.includes(value))
export const isFlag: OptionKind = kind('true or false', (value) => typeof value === 'boolean')
export const isText: OptionKind = kind('text', (value) => typeof value === 'string')
export const isTexts: OptionKind = kind('an array of texts', (value) => {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
})
export const isFunction: OptionKind = kind('a function', (value) => typeof value === 'function')
export const isFunctions: OptionKind = kind('an array of functions', (value) => {
  return Array.isArray(value) && value.every((one) => typeof one === 'function')
})
/** Somebody else looks at it. */
export const isAnything: OptionKind = kind('anything', () => true)
/** `first`, or what `other` allows. */
export const either = (first: unknown, other: OptionKind): OptionKind =>
  kind(`${String(first)} or ${other.words}`, (value) => value === first || other.holds(value))

/**
 * Throws TypeError for an option that `owner` does not have, and for options that are no object; RangeError for a value
 * that an option cannot have. Both name it, with what may stand there.
 */
export function checkOptions<O extends object>(owner: string, options: O, table: OptionTable<O>): void {
  check(owner, '', options, table as AnyTable)
}

function check(owner: string, path: string, options: unknown, table: AnyTable): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner}: ${path === '' ? 'the options are' : `${path} is`} ${shown(options)}, not an object`)
  }
  const prefix = path === '' ? '' : `${path}.`
  for (const [name, value] of Object.entries(options)) {
    const allowed = Object.hasOwn(table, name) ? table[name] : undefined
    if (allowed === undefined) {
      const known = Object.keys(table).join(', ')
      throw new TypeError(`${owner}: there is no option ${prefix}${name}; there are ${known}`)
    }
    if (value === undefined) continue
    if (!isKind(allowed)) check(owner, prefix + name, value, allowed)
    else if (!allowed.holds(value)) {
      throw new RangeError(`${owner}: ${prefix}${name} is ${shown(value)}, not ${allowed.words}`)
    }
  }
}

function isKind(allowed: OptionKind | AnyTable): allowed is OptionKind {
  return typeof allowed.holds === 'function'
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
