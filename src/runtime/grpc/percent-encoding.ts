/** Percent-encoding of `grpc-message`: UTF-8 in printable ASCII. */

const plain = /^[ -$&-~]*$/

/** Text as printable ASCII without `%`; every other byte of its UTF-8 form becomes `%XX`. A lone surrogate becomes U+FFFD. */
export function percentEncode(text: string): string {
  if (plain.test(text)) return text
  let encoded = ''
  for (const byte of new TextEncoder().encode(text)) {
    if (byte >= 0x20 && byte <= 0x7e && byte !== 0x25) encoded += String.fromCharCode(byte)
    else encoded += `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`
  }
  return encoded
}

/** The text again. What is not validly encoded stays as it is, as the specification asks: a message is never lost. */
export function percentDecode(encoded: string): string {
  if (!encoded.includes('%')) return encoded
  const bytes = new Uint8Array(encoded.length * 3)
  let size = 0
  for (let i = 0; i < encoded.length; i++) {
    const code = encoded.charCodeAt(i)
    if (code === 0x25 && /^[\da-fA-F]{2}$/.test(encoded.slice(i + 1, i + 3))) {
      bytes[size++] = Number.parseInt(encoded.slice(i + 1, i + 3), 16)
      i += 2
    } else if (code < 0x80) bytes[size++] = code
    else {
      const end = code >= 0xd800 && code < 0xdc00 ? i + 2 : i + 1
      const written = new TextEncoder().encodeInto(encoded.slice(i, end), bytes.subarray(size)).written
      size += written
      i = end - 1
    }
  }
  return new TextDecoder().decode(bytes.subarray(0, size))
}
