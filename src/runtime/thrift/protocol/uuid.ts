/** UUIDs: 16 bytes on the wire of both protocols, 36 characters in TypeScript. */

import { invalidValue } from '../../core/message/invalid-value.ts'

const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const shape = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** Writes the 16 bytes of a UUID in text form. Throws RpcError INVALID_ARGUMENT when it is none. */
export function writeUuid(target: Uint8Array, at: number, value: string): void {
  if (typeof value !== 'string' || !shape.test(value)) throw invalidValue(value, 'a UUID')
  let place = at
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i++
    target[place++] = Number.parseInt(value.slice(i, i + 2), 16)
  }
}

/** The text form, lower case, of the 16 bytes at a place. */
export function readUuid(bytes: Uint8Array, at: number): string {
  let text = ''
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-'
    text += hex[bytes[at + i]!]
  }
  return text
}
