/** Base64 in pieces, as gRPC-web's text form has it: any number of padded texts, one behind the other. */

import { RpcError } from '../../core/error.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const digitOf: Uint8Array = new Uint8Array(256).fill(255)
for (let i = 0; i < alphabet.length; i++) digitOf[alphabet.charCodeAt(i)] = i
const padding = 0x3d

/** Turns the chunks of a body into bytes; what is less than four digits waits for the next chunk. */
export class Base64Decoder {
  #digits = 0
  #bits = 0
  #pads = 0

  /** The bytes that are whole now. Throws RpcError INVALID_ARGUMENT for what is not base64. */
  push(chunk: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.floor(((this.#digits + chunk.length) * 3) / 4) + 3)
    let size = 0
    for (const code of chunk) {
      if (code === padding) {
        if (this.#digits + this.#pads < 2) throw notBase64()
        this.#pads++
      } else {
        const value = digitOf[code]!
        if (value === 255 || this.#pads > 0) throw notBase64()
        this.#bits = (this.#bits << 6) | value
        this.#digits++
      }
      if (this.#digits + this.#pads < 4) continue
      const bits = this.#bits << (6 * this.#pads)
      out[size++] = bits >> 16
      if (this.#pads < 2) out[size++] = (bits >> 8) & 255
      if (this.#pads < 1) out[size++] = bits & 255
      this.#digits = 0
      this.#pads = 0
      this.#bits = 0
    }
    return out.subarray(0, size)
  }

  /** The body is over. Throws RpcError INVALID_ARGUMENT when it ended within a group of four. */
  end(): void {
    if (this.#digits + this.#pads > 0) throw notBase64()
  }
}

function notBase64(): RpcError {
  return new RpcError('INVALID_ARGUMENT', 'the body is not base64, as application/grpc-web-text asks for', {
    stack: false,
  })
}
