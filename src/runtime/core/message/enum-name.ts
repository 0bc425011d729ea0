/** Names and numbers of enums: looking them up, and what stands on the wire for enums that appear by name. */

import { invalidValue } from './invalid-value.ts'

/** An enum as generated code exports it: its names, each with its number, or with itself where enums appear by name. */
export type EnumObject = Readonly<Record<string, number | string>>

/** The name of a value, such as `'BOOKS'`; undefined for a number that the IDL does not name. Of several names the first. */
export function enumName<E extends EnumObject>(type: E, value: E[keyof E] | number): (keyof E & string) | undefined {
  for (const name of Object.keys(type)) if (type[name] === value) return name
  return undefined
}

/** Whether text is a name of the enum; `type[name]` is then its value. */
export function isEnumName<E extends EnumObject>(type: E, name: string): name is keyof E & string {
  return Object.hasOwn(type, name)
}

/** Whether a value is one that the IDL names. Open enums may hold others. */
export function isEnumValue<E extends EnumObject>(type: E, value: unknown): value is E[keyof E] {
  return Object.values(type).includes(value as number | string)
}

/** What knows the numbers of an enum that appears by name. `E` is the enum's type: names, or numbers that have none. */
export interface EnumNumbers<E> {
  /** The number of a name; a number is itself. Throws RpcError INVALID_ARGUMENT for text that is no name of the enum. */
  readonly of: (value: E) => number
  /** The name of a number; one that the IDL does not name is itself. */
  readonly name: (number: number) => E
}

/** Makes an {@link EnumNumbers}. Generated code calls it. */
export function enumNumbers<E extends string | number>(
  typeName: string,
  ...named: readonly (readonly [name: string, number: number])[]
): EnumNumbers<E> {
  const numbers = new Map(named)
  const names = new Map([...named].reverse().map(([name, number]) => [number, name]))
  return {
    of(value) {
      if (typeof value === 'number') return value
      const number = numbers.get(value as string)
      if (number === undefined) throw invalidValue(value, `a name of ${typeName}`)
      return number
    },
    name: (number) => (names.get(number) ?? number) as E,
  }
}
