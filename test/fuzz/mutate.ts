/** Mutations of bytes and of IDL text, drawn from a seed. */

/** Random integers below a bound. */
export type Random = (below: number) => number

/** The same sequence for the same seed. */
export function randomOf(seed: number): Random {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const bytesOfInterest = [0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x0c, 0x0d, 0x0f, 0x08, 0x10, 0x12, 0x1a, 0x0a]

/** A mutant of a message: cut, grown, spliced with another, with single bytes changed. */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return other
  let mutant = Uint8Array.from(bytes)
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(mutant.length)
    switch (random(7)) {
      case 0:
        mutant[at] = bytesOfInterest[random(bytesOfInterest.length)] ?? 0
        break
      case 1:
        mutant[at] = random(256)
        break
      case 2:
        mutant[at] = (mutant[at] ?? 0) ^ (1 << random(8))
        break
      case 3:
        mutant = mutant.slice(0, at + 1)
        break
      case 4: {
        const from = random(other.length + 1)
        mutant = joined(mutant.subarray(0, at), other.subarray(from, from + random(40)), mutant.subarray(at))
        break
      }
      case 5:
        mutant = joined(mutant.subarray(0, at), mutant.subarray(Math.min(mutant.length, at + random(8))))
        break
      default: {
        const size = 1 + random(16)
        mutant = joined(mutant.subarray(0, at + size), mutant.subarray(at))
      }
    }
    if (mutant.length === 0) return mutant
  }
  return mutant
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts))
}

// biome-ignore format: a table
const words = [
  '{', '}', '(', ')', '<', '>', '[', ']', ',', ';', '=', ':', '.', '"', "'", '/*', '*/', '//', '#', '\\', '\0', '\ufeff', '\n', '-', '+',
  '0', '1', '-1', '2147483648', '9223372036854775808', '0x', '1e999', '99999999999999999999', '19000', '536870912', 'struct', 'union',
  'exception', 'service', 'enum', 'typedef', 'const', 'include', 'namespace', 'extends', 'throws', 'oneway', 'void', 'list', 'map', 'set',
  'required', 'optional', 'i32', 'string', 'binary', 'message', 'group', 'oneof', 'extend', 'extensions', 'reserved', 'option', 'import',
  'public', 'package', 'syntax', 'edition', 'rpc', 'returns', 'stream', 'repeated', 'default', 'packed', 'to', 'max', 'inf', 'nan', 'true',
  '__proto__', 'constructor', 'é', '😀', '\ud800',
]

/** A mutant of IDL text: words left out, doubled, exchanged, put in, taken from another text. */
export function mutateText(text: string, other: string, random: Random): string {
  const parts = text.match(/[\w.]+|\s+|[^\w\s]/gu) ?? []
  for (let n = 1 + random(4); n > 0 && parts.length > 0; n--) {
    const at = random(parts.length)
    switch (random(7)) {
      case 0:
        parts.splice(at, 1 + random(3))
        break
      case 1:
        parts.splice(at, 0, parts[at] ?? '')
        break
      case 2: {
        const to = random(parts.length)
        ;[parts[at], parts[to]] = [parts[to] ?? '', parts[at] ?? '']
        break
      }
      case 3:
        parts.splice(at, 0, words[random(words.length)] ?? '')
        break
      case 4:
        parts[at] = words[random(words.length)] ?? ''
        break
      case 5: {
        const from = random(other.length + 1)
        parts.splice(at, 0, other.slice(from, from + random(200)))
        break
      }
      default:
        parts.splice(at)
    }
  }
  return parts.join('')
}
