/** The trailers of gRPC-web: the last frame of a body, as text (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md). */

/** The bit of a frame's first byte that says that it holds trailers. */
export const trailersFlag = 0x80

const lineBreak = /[\r\n]/g

/** A trailers frame of header fields, names and values alternating. */
export function encodeTrailersFrame(headers: readonly string[]): Uint8Array {
  let text = ''
  for (let i = 0; i + 1 < headers.length; i += 2)
    text += `${headers[i]}: ${headers[i + 1]!.replace(lineBreak, ' ')}\r\n`
  const body = new TextEncoder().encode(text)
  const frame = new Uint8Array(5 + body.length)
  frame[0] = trailersFlag
  new DataView(frame.buffer).setUint32(1, body.length)
  frame.set(body, 5)
  return frame
}

/** The header fields of the payload of a trailers frame, names in lower case; lines that are none are passed over. */
export function decodeTrailers(payload: Uint8Array): string[] {
  const headers: string[] = []
  for (const line of new TextDecoder().decode(payload).split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.push(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  return headers
}
