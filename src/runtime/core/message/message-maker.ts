/** messageMaker: what makes message types of printed functions, over the writer and reader of one wire format. */

import type { MemoryAccount, MemoryHolder } from '../bytes/memory-account.ts'
import { encodeError } from './encode-error.ts'
import { messageSchema } from './file-schema.ts'
import type { MessageType } from './message.ts'
import type { FileSchema, MessageSchema } from './schema.ts'

/** A writer that serves one message after the other. */
interface ResettableWriter {
  reset(): void
  take(): Uint8Array
}

/** A reader that serves one message after the other. */
interface ResettableReader {
  reset(bytes: Uint8Array, start?: number, end?: number): void
  limitTo(account: MemoryAccount): void
  readonly memoryTaken: number
}

/** A message type with its codec. */
interface CodecMessage<T, I, W> extends MessageType<T, I> {
  encode(writer: W, value: I): void
  toBytes(value: I): Uint8Array
  fromBytes(bytes: Uint8Array, start?: number, end?: number, holder?: MemoryHolder): T
}

const nothing = new Uint8Array(0)

/**
 * What makes the message types of one wire format. Encoding and decoding are synchronous, so one writer and one reader
 * serve every message. `readAll` decodes all that the reader holds, up to `end`. An error of `encode` names its place.
 */
export function messageMaker<W, R>(
  writer: W & ResettableWriter,
  reader: R & ResettableReader,
  readAll: <T>(decode: (reader: R, end: number) => T, end: number) => T,
) {
  return <T, I, D extends (reader: R, end: number) => T>(
    typeName: string,
    file: () => FileSchema,
    complete: (input: I) => T,
    encode: (writer: W, value: I) => void,
    decode: D,
  ): CodecMessage<T, I, W> & { decode: D } => {
    const type: CodecMessage<T, I, W> & { decode: D } = {
      typeName,
      get schema(): MessageSchema {
        return messageSchema(file(), typeName)
      },
      create(init?: I): T {
        return complete({ ...init } as I)
      },
      complete,
      encode(to: W, value: I): void {
        try {
          encode(to, value)
        } catch (error) {
          throw encodeError(error, file(), typeName, value)
        }
      },
      decode,
      toBytes(value: I): Uint8Array {
        writer.reset()
        type.encode(writer, value)
        return writer.take()
      },
      fromBytes(bytes: Uint8Array, start = 0, end: number = bytes.length, holder?: MemoryHolder): T {
        reader.reset(bytes, start, end)
        if (holder !== undefined) reader.limitTo(holder.memory)
        const value = readAll(decode, end)
        holder?.holdMemory(reader.memoryTaken)
        reader.reset(nothing)
        return value
      },
    }
    return type
  }
}
