/** describedService: the type of a service of which only the description is there. */

import { exceptionClass } from '../message/complete-message.ts'
import { fileOf } from '../message/file-schema.ts'
import type { MessageType } from '../message/message.ts'
import { findMessage, messagePlan } from '../message/message-plan.ts'
import type { FileSchema, MessageSchema, MethodSchema, ServiceSchema } from '../message/schema.ts'
import type { MethodType, ServiceType } from '../service-type.ts'

/** Makes the type of a message that a file describes. */
export type DescribedMessage = (file: FileSchema, typeName: string) => MessageType

/**
 * The type of a service that a file declares, named `Shop` or in full, methods of its parents included. Methods are
 * called as generated code calls them without options. Throws when the file or what it imports lacks something.
 */
export function describedService(file: FileSchema, name: string, message: DescribedMessage): ServiceType {
  const service = file.services.find((one) => one.name === name || shortName(one.name) === name)
  if (service === undefined) throw new Error(`${file.path} declares no service ${name}`)
  const short = shortName(service.name)
  let methods: readonly MethodType[] | undefined
  return {
    name: short,
    fullName: file.idl === 'thrift' ? short : service.name,
    idl: file.idl,
    file,
    get methods() {
      methods ??= lineage(file, service).flatMap(([from, one]) =>
        one.methods.map((method) => describedMethod(from, method, message)),
      )
      return methods
    },
  }
}

/** A service behind its parents, each with its file. */
function lineage(file: FileSchema, service: ServiceSchema): (readonly [FileSchema, ServiceSchema])[] {
  const line: (readonly [FileSchema, ServiceSchema])[] = [[file, service]]
  for (let parent = service.extends; parent !== undefined; parent = line[0]![1].extends) {
    const found = findService(line[0]![0], parent)
    if (found === undefined) throw new Error(`${file.path} and what it imports do not describe ${parent}`)
    if (line.some(([, one]) => one === found[1])) throw new Error(`${file.path}: ${parent} extends itself`)
    line.unshift(found)
  }
  return line
}

function findService(file: FileSchema, name: string): readonly [FileSchema, ServiceSchema] | undefined {
  const all = new Set([file])
  for (const one of all) {
    const service = one.services.find((each) => each.name === name)
    if (service !== undefined) return [one, service]
    for (const other of one.imports) all.add(other)
  }
  return undefined
}

function describedMethod(file: FileSchema, method: MethodSchema, message: DescribedMessage): MethodType {
  const { name, kind } = method
  const type = (typeName: string): [MessageType, MessageSchema] => {
    const schema = findMessage(file, typeName)
    if (schema === undefined) throw new Error(`${file.path} and what it imports do not describe ${typeName}`)
    return [message(fileOf(schema), typeName), schema]
  }
  const [request, requestSchema] = type(method.request)
  const [response, result] = type(method.response)
  const { idempotent = false } = method
  const base = { name, localName: methodName(file.idl, name), kind, request, response, idempotent }
  if (file.idl === 'protobuf') return base
  const throws = result.fields.flatMap((field) => {
    if (field.id === 0 || field.type.kind !== 'message') return []
    return [{ member: field.localName, type: exceptionClass(messagePlan(type(field.type.name)[1])) }]
  })
  return {
    ...base,
    args: requestSchema.fields.map((field) => field.localName),
    isVoid: !result.fields.some((field) => field.id === 0),
    throws,
  }
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** Thrift's names stay, protobuf's become camel case; what every object inherits, and `then`, gets a `_`. */
function methodName(idl: 'thrift' | 'protobuf', name: string): string {
  if (idl === 'thrift') return safeName(name)
  const camel = name.replace(/_+([a-zA-Z0-9])/g, (_, next: string) => next.toUpperCase()).replace(/_+$/, '')
  return safeName(camel.charAt(0).toLowerCase() + camel.slice(1))
}

function safeName(name: string): string {
  return name === 'then' || name in Object.prototype ? `${name}_` : name
}
