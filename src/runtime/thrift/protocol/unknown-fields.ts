/** Fields that a struct's IDL does not know: read as values, so that either protocol can write them again. */

import { keptCase } from '../../core/message/complete.ts'
import type { UnknownFields } from '../../core/message/unknown-fields.ts'
import { malformed } from './error.ts'
import type { ThriftReader, ThriftTypeCode, ThriftWriter } from './protocol.ts'

interface UnknownField {
  readonly id: number
  readonly type: ThriftTypeCode
  readonly value: unknown
}
interface UnknownContainer {
  readonly key: ThriftTypeCode
  readonly of: ThriftTypeCode
  readonly elements: readonly unknown[]
}

/** Reads the value of the field whose header has been read, and adds it to what is kept. */
export function keepUnknownField(reader: ThriftReader, type: number, kept: UnknownFields | undefined): UnknownFields {
  reader.charge(8)
  const field: UnknownField = { id: reader.fieldId, type: type as ThriftTypeCode, value: readValue(reader, type) }
  if (kept === undefined) return [field]
  ;(kept as unknown[]).push(field)
  return kept
}

/** Writes kept fields, before the end of their struct. */
export function writeUnknownFields(writer: ThriftWriter, kept: UnknownFields): void {
  for (const field of kept as readonly (string | UnknownField)[]) {
    // The name of the message that kept them.
    if (typeof field === 'string') continue
    const { id, type, value } = field
    writer.fieldBegin(type, id)
    writeValue(writer, type, value)
  }
}

/**
 * A union of which no field is known: `{ case: '$unknown', value }`, in its place as any other, with what the bytes hold. It
 * is of the union's type by assertion where the type does not name the case (`unknown_fields: drop`).
 */
export function unknownArm<T>(typeName: string, kept: UnknownFields | undefined): T {
  return { case: '$unknown', value: kept ?? [typeName] } as T
}

/** Writes the field of such a union. Throws RpcError INVALID_ARGUMENT for another case, or one that another union read. */
export function writeUnknownCase(writer: ThriftWriter, typeName: string, value: { readonly case: unknown }): void {
  writeUnknownFields(writer, keptCase<{ readonly value: UnknownFields }>(typeName, value).value)
}

function readValue(reader: ThriftReader, type: number): unknown {
  switch (type) {
    case 2:
      return reader.bool()
    case 3:
      return reader.i8()
    case 4:
      return reader.double()
    case 6:
      return reader.i16()
    case 8:
      return reader.i32()
    case 10:
      return reader.i64()
    case 11:
      // Text or bytes: only the IDL would tell.
      return reader.binary()
    case 12: {
      let fields: UnknownFields | undefined
      reader.structBegin()
      for (let t = reader.fieldBegin(); t !== 0; t = reader.fieldBegin()) fields = keepUnknownField(reader, t, fields)
      reader.structEnd()
      return fields ?? []
    }
    case 13: {
      const size = reader.mapBegin()
      return readContainer(reader, size, reader.keyType as ThriftTypeCode, reader.valueType as ThriftTypeCode)
    }
    case 14:
    case 15: {
      const size = reader.listBegin()
      return readContainer(reader, size, 0, reader.elementType as ThriftTypeCode)
    }
    case 16:
      return reader.uuid()
    default:
      throw malformed('invalid_data', `unknown type ${type}`)
  }
}

function readContainer(reader: ThriftReader, size: number, key: ThriftTypeCode, of: ThriftTypeCode): UnknownContainer {
  const elements: unknown[] = []
  reader.containerBegin()
  for (let i = 0; i < size; i++) {
    reader.charge(2)
    if (key !== 0) elements.push(readValue(reader, key))
    elements.push(readValue(reader, of))
  }
  reader.containerEnd()
  return { key, of, elements }
}

function writeValue(writer: ThriftWriter, type: ThriftTypeCode, value: unknown): void {
  switch (type) {
    case 2:
      writer.bool(value as boolean)
      return
    case 3:
      writer.i8(value as number)
      return
    case 4:
      writer.double(value as number)
      return
    case 6:
      writer.i16(value as number)
      return
    case 8:
      writer.i32(value as number)
      return
    case 10:
      writer.i64(value as bigint)
      return
    case 11:
      writer.binary(value as Uint8Array)
      return
    case 12:
      writer.structBegin()
      writeUnknownFields(writer, value as UnknownFields)
      writer.structEnd()
      return
    case 16:
      writer.uuid(value as string)
      return
    default:
      writeContainer(writer, type, value as UnknownContainer)
  }
}

function writeContainer(writer: ThriftWriter, type: ThriftTypeCode, { key, of, elements }: UnknownContainer): void {
  if (type === 13) writer.mapBegin(key, of, elements.length / 2)
  else if (type === 14) writer.setBegin(of, elements.length)
  else writer.listBegin(of, elements.length)
  elements.forEach((element, i) => {
    writeValue(writer, type === 13 && i % 2 === 0 ? key : of, element)
  })
}
