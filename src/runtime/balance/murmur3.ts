/** murmur3(): the low 64 bits of MurmurHash3_x64_128 with seed 0, as the hash rings of Volo use it. Source: Appleby, MurmurHash3.cpp. */

const mask = 0xffffffffffffffffn
const c1 = 0x87c37b91114253d5n
const c2 = 0x4cf5ad432745937fn

/** The low 64 bits of the hash of bytes. */
export function murmur3(bytes: Uint8Array): bigint {
  const { length } = bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, length)
  let h1 = 0n
  let h2 = 0n
  const blocks = length >> 4
  for (let i = 0; i < blocks; i++) {
    h1 ^= mix1(view.getBigUint64(i * 16, true))
    h1 = (rotate(h1, 27n) + h2) & mask
    h1 = (h1 * 5n + 0x52dce729n) & mask
    h2 ^= mix2(view.getBigUint64(i * 16 + 8, true))
    h2 = (rotate(h2, 31n) + h1) & mask
    h2 = (h2 * 5n + 0x38495ab5n) & mask
  }
  const tail = blocks * 16
  if (length - tail > 8) h2 ^= mix2(partial(bytes, tail + 8, length))
  if (length > tail) h1 ^= mix1(partial(bytes, tail, Math.min(length, tail + 8)))
  h1 ^= BigInt(length)
  h2 ^= BigInt(length)
  h1 = (h1 + h2) & mask
  h2 = (h2 + h1) & mask
  h1 = finish(h1)
  h2 = finish(h2)
  return (h1 + h2) & mask
}

const mix1 = (k: bigint): bigint => (rotate((k * c1) & mask, 31n) * c2) & mask
const mix2 = (k: bigint): bigint => (rotate((k * c2) & mask, 33n) * c1) & mask
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & mask

function partial(bytes: Uint8Array, from: number, to: number): bigint {
  let value = 0n
  for (let i = to - 1; i >= from; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return value
}

function finish(k: bigint): bigint {
  let h = k
  h ^= h >> 33n
  h = (h * 0xff51afd7ed558ccdn) & mask
  h ^= h >> 33n
  h = (h * 0xc4ceb9fe1a85ec53n) & mask
  h ^= h >> 33n
  return h
}
