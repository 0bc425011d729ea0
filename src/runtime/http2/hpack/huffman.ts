/** The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B). */

/**
 * The length of each symbol's code in bits, the end-of-string symbol last. The code is canonical: codes count up by
 * length, then by symbol, so their lengths say everything.
 */
const lengths: readonly number[] = (
  '13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 6 10 10 12 13 6 8 ' +
  '11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 ' +
  '19 13 14 6 15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 20 22 20 20 22 22 22 23 22 23 23 ' +
  '23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 ' +
  '21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 ' +
  '24 21 21 26 26 28 27 27 27 20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 ' +
  '27 27 26 30'
)
  .split(' ')
  .map(Number)

const endOfString = 256
const codeLength: Uint8Array = Uint8Array.from(lengths)
const code: Uint32Array = canonicalCodes()

function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(lengths.length)
  const order = lengths.map((_, symbol) => symbol).sort((a, b) => lengths[a]! - lengths[b]! || a - b)
  let next = 0
  let length = lengths[order[0]!]!
  for (const symbol of order) {
    next = next * 2 ** (lengths[symbol]! - length)
    length = lengths[symbol]!
    codes[symbol] = next++
  }
  return codes
}

/**
 * The decoder as a machine that reads four bits at a time. A state is an inner node of the code's tree; the cell of a
 * state and four bits holds the next state, a symbol when one is complete, and marks. No code is shorter than five
 * bits, so a step completes one symbol at most.
 */
const machine: Uint32Array = buildMachine()
const emits = 1 << 16
const fails = 1 << 17
/** Where text may end: the bits since the last symbol are fewer than eight, and all ones. */
const mayEnd: Uint8Array = endStates()

interface Tree {
  readonly children: number[]
  /** Negative children are leaves: -1 - symbol. */
  readonly nodes: number
}

function buildTree(): Tree {
  const children: number[] = [0, 0]
  let nodes = 1
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    let node = 0
    for (let bit = lengths[symbol]! - 1; bit >= 0; bit--) {
      const slot = node * 2 + ((code[symbol]! >>> bit) & 1)
      if (bit === 0) children[slot] = -1 - symbol
      else {
        if (children[slot] === 0) {
          children[slot] = nodes++
          children.push(0, 0)
        }
        node = children[slot]!
      }
    }
  }
  return { children, nodes }
}

function buildMachine(): Uint32Array {
  const { children, nodes } = buildTree()
  const cells = new Uint32Array(nodes * 16)
  for (let state = 0; state < nodes; state++) {
    for (let bits = 0; bits < 16; bits++) cells[state * 16 + bits] = step(children, state, bits)
  }
  return cells
}

function step(children: readonly number[], state: number, bits: number): number {
  let node = state
  let mark = 0
  for (let bit = 3; bit >= 0; bit--) {
    const next = children[node * 2 + ((bits >>> bit) & 1)]!
    if (next >= 0) {
      node = next
      continue
    }
    const symbol = -1 - next
    if (symbol === endOfString) return 1 << 17
    mark = (1 << 16) | (symbol << 18)
    node = 0
  }
  return mark | node
}

function endStates(): Uint8Array {
  const { children, nodes } = buildTree()
  const states = new Uint8Array(nodes)
  let node = 0
  for (let bits = 0; bits < 8; bits++) {
    states[node] = 1
    node = children[node * 2 + 1]!
  }
  return states
}

let scratch: Uint8Array = new Uint8Array(4096)

/**
 * The text of `bytes[start, end)`, one character per byte. Undefined when the bytes are no Huffman code: the
 * end-of-string symbol among them, padding that is too long or not all ones (RFC 7541 section 5.2).
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number): string | undefined {
  const most = (end - start) * 2
  if (scratch.length < most) scratch = new Uint8Array(most)
  const text = scratch
  let size = 0
  let state = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    let cell = machine[(state << 4) | (byte >>> 4)]!
    if ((cell & fails) !== 0) return undefined
    if ((cell & emits) !== 0) text[size++] = cell >>> 18
    cell = machine[((cell & 0xffff) << 4) | (byte & 15)]!
    if ((cell & fails) !== 0) return undefined
    if ((cell & emits) !== 0) text[size++] = cell >>> 18
    state = cell & 0xffff
  }
  if (mayEnd[state] !== 1) return undefined
  return latin1(text, 0, size)
}

/** How many bytes text takes in this code; characters above U+00FF are not for it. */
export function huffmanLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += codeLength[text.charCodeAt(i) & 0xff]!
  return (bits + 7) >>> 3
}

/** Writes text in this code to where there is room for it; returns the place behind it. */
export function huffmanEncode(text: string, target: Uint8Array, start: number): number {
  let at = start
  let pending = 0
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff
    let length = codeLength[symbol]!
    const bits = code[symbol]!
    // At most 7 bits wait and at most 15 are added at a time, so nothing leaves the 32 that shifts keep.
    while (length > 0) {
      const part = Math.min(length, 15)
      length -= part
      pending = (pending << part) | ((bits >>> length) & ((1 << part) - 1))
      count += part
      while (count >= 8) {
        count -= 8
        target[at++] = pending >>> count
      }
      pending &= (1 << count) - 1
    }
  }
  if (count > 0) target[at++] = (pending << (8 - count)) | ((1 << (8 - count)) - 1)
  return at
}

const latin1Slice = (
  Buffer.prototype as unknown as { latin1Slice(this: Uint8Array, start: number, end: number): string }
).latin1Slice

/** `bytes[start, end)` as text, one character per byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 12) return latin1Slice.call(bytes, start, end)
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!)
  return text
}
