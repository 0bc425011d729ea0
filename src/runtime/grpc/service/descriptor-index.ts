/** DescriptorIndex: the descriptions of a server's protobuf services by file, symbol and extension. */

import type { EnumSchema, FileSchema } from '../../core/message/schema.ts'
import type { ServiceType } from '../../core/service-type.ts'
import { toFileDescriptor } from '../../protobuf/file-descriptor.ts'

/** Finds files. */
export interface DescriptorIndex {
  file(path: string): FileSchema | undefined
  /** The file that declares a message, enum, value of an enum, field, oneof, extension, service or method. */
  symbol(fullName: string): FileSchema | undefined
  extension(extendee: string, number: number): FileSchema | undefined
  /** The numbers of the extensions of a message; undefined when nobody declares a message of that name. */
  extensionNumbers(message: string): readonly number[] | undefined
}

/** Indexes the files of services and all that they import. */
export function descriptorIndex(services: readonly ServiceType[]): DescriptorIndex {
  const files = new Map<string, FileSchema>()
  const symbols = new Map<string, FileSchema>()
  const extensions = new Map<string, Map<number, FileSchema>>()
  const messages = new Set<string>()
  const addEnum = ({ name, values }: EnumSchema, file: FileSchema): void => {
    symbols.set(name, file)
    // The values of an enum are its neighbours.
    const scope = name.slice(0, name.lastIndexOf('.') + 1)
    for (const value of values) symbols.set(scope + value.name, file)
  }
  const add = (file: FileSchema): void => {
    if (file.idl !== 'protobuf' || files.has(file.path)) return
    files.set(file.path, file)
    for (const { name, fields } of file.messages) {
      messages.add(name)
      symbols.set(name, file)
      for (const field of fields) {
        symbols.set(`${name}.${field.name}`, file)
        const oneof = field.oneofName ?? field.oneof
        if (oneof !== undefined) symbols.set(`${name}.${oneof}`, file)
      }
    }
    for (const one of file.enums) addEnum(one, file)
    for (const { name, methods } of file.services) {
      symbols.set(name, file)
      for (const method of methods) symbols.set(`${name}.${method.name}`, file)
    }
    for (const { name, extendee, field } of file.extensions ?? []) {
      symbols.set(name, file)
      let byNumber = extensions.get(extendee)
      if (byNumber === undefined) {
        byNumber = new Map()
        extensions.set(extendee, byNumber)
      }
      byNumber.set(field.id, file)
    }
    for (const one of file.imports) add(one)
  }
  for (const service of services) if (service.idl === 'protobuf') add(service.file)
  return {
    file: (path) => files.get(path),
    symbol: (fullName) => symbols.get(fullName),
    extension: (extendee, number) => extensions.get(extendee)?.get(number),
    extensionNumbers(message) {
      if (!messages.has(message)) return undefined
      return [...(extensions.get(message)?.keys() ?? [])].sort((a, b) => a - b)
    },
  }
}

const encoded = new WeakMap<FileSchema, Uint8Array>()

/** A file's descriptor and those of all that it imports, without those that `sent` has already; they are added to it. */
export function descriptorsOf(file: FileSchema, sent: Set<string>): Uint8Array[] {
  const all: Uint8Array[] = []
  const add = (one: FileSchema): void => {
    if (one !== file && sent.has(one.path)) return
    sent.add(one.path)
    let bytes = encoded.get(one)
    if (bytes === undefined) {
      bytes = toFileDescriptor(one)
      encoded.set(one, bytes)
    }
    all.push(bytes)
    for (const imported of one.imports) if (!sent.has(imported.path)) add(imported)
  }
  add(file)
  return all
}
