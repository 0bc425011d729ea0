/** Naming: how members, methods and parameters are spelled, as written or in camel case. */

import type { GenerateOptions } from '../../generate-options.ts'

/** The spelling that an entry's options ask for. */
export interface Naming {
  member(idl: 'thrift' | 'protobuf', name: string): string
  method(idl: 'thrift' | 'protobuf', name: string): string
  parameter(idl: 'thrift' | 'protobuf', name: string): string
}

/** Words in lower case to how camel case writes them. */
type Initialisms = ReadonlyMap<string, string>

/** The spelling: without a choice, Thrift's names stay as written and protobuf's become camel case. */
export function naming(options: Pick<GenerateOptions, 'naming' | 'initialisms'>): Naming {
  const initialisms: Initialisms = new Map((options.initialisms ?? []).map((word) => [word.toLowerCase(), word]))
  const isCamel = (idl: 'thrift' | 'protobuf'): boolean =>
    (options.naming ?? (idl === 'thrift' ? 'keep' : 'camel')) === 'camel'
  const member = (idl: 'thrift' | 'protobuf', name: string): string =>
    isCamel(idl) ? camelCase(identifier(name), initialisms) : identifier(name)
  return {
    member,
    method(idl, name) {
      if (!isCamel(idl)) return identifier(name)
      const camel = camelCase(identifier(name), initialisms)
      const [first = ''] =
        initialisms.size === 0 ? [camel.charAt(0)] : (/^(?:[A-Z]+(?![a-z])|[A-Z])/.exec(camel) ?? [''])
      return first.toLowerCase() + camel.slice(first.length)
    },
    parameter: (idl, name) => (idl === 'thrift' && options.naming === 'camel' ? member(idl, name) : name),
  }
}

/**
 * `in_service_since` as `inServiceSince`: underscores go, the letter after one is upper-case (protobuf's JSON rule). With initialisms
 * the words between underscores and before capitals are looked up: with `ID`, `user_id` and `userId` become `userID`, `id` stays.
 */
export function camelCase(name: string, initialisms: Initialisms = new Map()): string {
  const first = initialisms.size === 0 ? joined(name) : withInitialisms(name, initialisms)
  return /^[0-9]|^$/.test(first) ? name : first
}

function joined(name: string): string {
  const text = name.replace(/_+([a-zA-Z0-9])/g, (_, next: string) => next.toUpperCase()).replace(/_+$/, '')
  return name.startsWith('_') ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

function withInitialisms(name: string, initialisms: Initialisms): string {
  const words = name.split(/_+|(?<=[a-z0-9])(?=[A-Z])/).filter((word) => word !== '')
  return words
    .map((word, i) => {
      const known = initialisms.get(word.toLowerCase())
      if (i === 0)
        return known === undefined
          ? name.startsWith('_')
            ? word.charAt(0).toLowerCase() + word.slice(1)
            : word
          : word.toLowerCase()
      return known ?? word.charAt(0).toUpperCase() + word.slice(1)
    })
    .join('')
}

/** What may stand as an identifier. */
export function identifier(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_]/g, '_')
  return /^[0-9]/.test(clean) ? `_${clean}` : clean
}
