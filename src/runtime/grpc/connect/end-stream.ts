/** The end of a stream of the Connect protocol: an envelope with JSON (https://connectrpc.com/docs/protocol#error-end-stream). */

import { framePrefixBytes } from '../framing.ts'

/** The bit of an envelope's first byte that says that it ends the stream. */
export const endStreamFlag = 2

/** An envelope of flags and a payload. */
export function envelope(flags: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(framePrefixBytes + payload.length)
  bytes[0] = flags
  new DataView(bytes.buffer).setUint32(1, payload.length)
  bytes.set(payload, framePrefixBytes)
  return bytes
}

/** The last envelope of a response. `metadata`: header fields, names and values alternating; `error`: an object, as JSON. */
export function endStream(metadata: readonly string[], error: string | undefined): Uint8Array {
  const members: string[] = []
  if (error !== undefined) members.push(`"error":${error}`)
  if (metadata.length > 0) {
    const byName: Record<string, string[]> = Object.create(null)
    for (let i = 0; i + 1 < metadata.length; i += 2) {
      const name = metadata[i]!
      byName[name] = [...(byName[name] ?? []), metadata[i + 1]!]
    }
    members.push(`"metadata":${JSON.stringify(byName)}`)
  }
  return envelope(endStreamFlag, new TextEncoder().encode(`{${members.join(',')}}`))
}
