/** HeaderAssembly: header blocks put together from HEADERS and CONTINUATION (RFC 9113 sections 6.2 and 6.10). */

import { copyBytes } from '../../core/bytes/bytes.ts'
import { ConnectionError } from '../connection-error.ts'
import { Http2ErrorCode } from '../error-code.ts'

/** Frames that one block may come in. */
const mostFragments = 64

/** The block that is coming in, if one is; its size and the number of its frames are bounded (CVE-2024-27316). */
export class HeaderAssembly {
  /** The stream of the block, 0 while there is none. */
  stream = 0
  /** The flags of its HEADERS. */
  flags = 0
  readonly #mostBytes: number
  #fragments: Uint8Array[] = []
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  begin(stream: number, flags: number): void {
    this.stream = stream
    this.flags = flags
  }

  /** Adds a fragment. Throws ConnectionError ENHANCE_YOUR_CALM for a block that does not end. */
  add(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes += end - start
    // Copied: a few bytes must not hold the whole chunk of the socket.
    this.#fragments.push(copyBytes(bytes, start, end))
    if (this.#bytes > this.#mostBytes || this.#fragments.length > mostFragments) {
      throw new ConnectionError(Http2ErrorCode.ENHANCE_YOUR_CALM, 'a header block without end')
    }
  }

  /** The whole block. */
  end(): Uint8Array {
    const block = Buffer.concat(this.#fragments)
    this.stream = 0
    this.#fragments = []
    this.#bytes = 0
    return block
  }
}
