/** The run-time handle of one service: its methods, and the types of its client and handler. */

import type { MessageType } from './message/message.ts'
import type { FileSchema, MethodKind } from './message/schema.ts'

/** One method as layers, transports and wires see it. */
export interface MethodType {
  /** Name in the IDL and on the wire. */
  readonly name: string
  /** Property name on the client and on the handler. */
  readonly localName: string
  readonly kind: MethodKind
  /** The request message; for Thrift the argument struct. */
  readonly request: MessageType
  /** The response message; for Thrift the result struct: `success` and one member per declared exception. */
  readonly response: MessageType
  /** Thrift: the properties of the argument struct in the order of the positional arguments. Undefined for protobuf. */
  readonly args?: readonly string[]
  /** Thrift: the result struct has no `success`. */
  readonly isVoid?: boolean
  /** Thrift: declared exceptions, each with its member in the result struct. */
  readonly throws?: readonly { readonly member: string; readonly type: new (init: never) => Error }[]
  /** protobuf `idempotency_level`; Thrift annotation `idempotent = "true"`. Default false. */
  readonly idempotent?: boolean
}

/**
 * A service. `C` is the interface of its client, `H` that of its handler; both are generated and flat, so that a type
 * checker has nothing to infer.
 */
export interface ServiceType<C = unknown, H = unknown> {
  /** The IDL name, `Shop`: TTHeader's `isn` over Thrift. */
  readonly name: string
  /** The name a port knows it by: `shop.v1.Shop` for protobuf (gRPC path), the same as `name` for Thrift. */
  readonly fullName: string
  readonly idl: 'thrift' | 'protobuf'
  /** Own and inherited methods. */
  readonly methods: readonly MethodType[]
  /** The description of the file that declares it. */
  readonly file: FileSchema
  /** Types only; never present at run time. */
  readonly $types?: { readonly client: C; readonly handler: H }
}

/** What generated code says about a service; the functions are called on first use, so that modules may import each other. */
export interface ServiceTypeInit {
  readonly name: string
  readonly fullName: string
  readonly idl: 'thrift' | 'protobuf'
  readonly file: () => FileSchema
  readonly methods: () => readonly MethodType[]
}

/**
 * The method that is given; generated code calls it. Without it a type checker compares every method of a list with every other, structure by
 * structure, to find the type of the list.
 */
export function methodType(method: MethodType): MethodType {
  return method
}

/** Makes a {@link ServiceType}; generated code calls it. Reading `methods` or `file` checks the format number. */
export function serviceType<C, H>(init: ServiceTypeInit): ServiceType<C, H> {
  let file: FileSchema | undefined
  let methods: readonly MethodType[] | undefined
  return {
    name: init.name,
    fullName: init.fullName,
    idl: init.idl,
    get file() {
      file ??= init.file()
      return file
    },
    get methods() {
      if (methods === undefined) {
        file ??= init.file()
        methods = init.methods()
      }
      return methods
    },
  }
}
