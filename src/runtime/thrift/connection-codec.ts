/** The writers and readers of Thrift connections: shared by all, so that an idle connection holds no buffer. */

import type { BatchWriter, ByteSource } from '../net/batch-writer.ts'
import { BinaryReader } from './protocol/binary-reader.ts'
import { BinaryWriter } from './protocol/binary-writer.ts'
import type { ThriftProtocolName } from './protocol/bytes.ts'
import { CompactReader } from './protocol/compact-reader.ts'
import { CompactWriter } from './protocol/compact-writer.ts'
import { defaultMaxDepth } from './protocol/protocol.ts'

/** A writer of either protocol. */
export type ProtocolWriter = BinaryWriter | CompactWriter
/** A reader of either protocol. */
export type ProtocolReader = BinaryReader | CompactReader

const spareBinary: BinaryWriter[] = []
const spareCompact: CompactWriter[] = []
const keptWriters = 64
// A writer that has grown beyond this gives its memory back.
const keptBytes = 256 * 1024

const binaryReader = new BinaryReader()
const compactReader = new CompactReader()

/** The writers that one connection holds between its first message of a turn and the flush. */
export class ConnectionWriters {
  readonly #batch: BatchWriter
  readonly #maxDepth: number
  #binary: BinaryWriter | undefined
  #compact: CompactWriter | undefined

  constructor(batch: BatchWriter, maxDepth: number) {
    this.#batch = batch
    this.#maxDepth = maxDepth
  }

  /** The writer to append a message to. */
  get(protocol: ThriftProtocolName): ProtocolWriter {
    const held = protocol === 'binary' ? this.#binary : this.#compact
    if (held !== undefined) return held
    if (protocol === 'binary') {
      this.#binary = spareBinary.pop() ?? new BinaryWriter()
      this.#binary.maxDepth = this.#maxDepth
      this.#batch.add(this.#binary)
      return this.#binary
    }
    this.#compact = spareCompact.pop() ?? new CompactWriter()
    this.#compact.maxDepth = this.#maxDepth
    this.#batch.add(this.#compact)
    return this.#compact
  }

  /** Takes a writer back after the flush. */
  flushed(source: ByteSource): void {
    if (source === this.#binary) {
      if (spareBinary.length < keptWriters && this.#binary.capacity <= keptBytes) spareBinary.push(this.#binary)
      this.#binary = undefined
    } else if (source === this.#compact) {
      if (spareCompact.length < keptWriters && this.#compact.capacity <= keptBytes) spareCompact.push(this.#compact)
      this.#compact = undefined
    }
  }
}

/** The reader of a protocol, set to `bytes[start, end)`. It is one for all: use it up before anything else can run. */
export function readerOf(
  protocol: ThriftProtocolName,
  bytes: Uint8Array,
  start: number,
  end: number,
  maxDepth: number = defaultMaxDepth,
): ProtocolReader {
  const reader = protocol === 'binary' ? binaryReader : compactReader
  reader.maxDepth = maxDepth
  reader.reset(bytes, start, end)
  return reader
}
