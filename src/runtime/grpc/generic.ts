/** gRPC without generated code: services from descriptions, clients and handlers in JSON. */

import type { ClientOptions } from '../core/client/call-options.ts'
import type { Service } from '../core/context/service.ts'
import { describedService } from '../core/generic/described-service.ts'
import { forwarding } from '../core/generic/forward.ts'
import { type GenericClient, type GenericFormat, genericClient } from '../core/generic/generic-client.ts'
import { genericHandlerOf, type JsonHandler } from '../core/generic/generic-handler.ts'
import type { FileSchema } from '../core/message/schema.ts'
import type { ServiceType } from '../core/service-type.ts'
import type { Transport } from '../core/transport.ts'
import { interpretedProtobuf } from '../protobuf/interpreting-codec.ts'
import { fromJson, toJson } from '../protobuf/json.ts'
import type { ProtobufMessage } from '../protobuf/message.ts'
import { rawService } from './raw-service.ts'

const format: GenericFormat = {
  idl: 'protobuf',
  toJson: (type, value, holder) => toJson(type as ProtobufMessage, value, {}, holder),
  fromJson: (type, json) => fromJson(type as ProtobufMessage<unknown, never>, json),
  raw: rawService,
}

/**
 * The type of a service of which only the description is there: `Fleet` of `Fleet.file`, or of `loadSchemas` of
 * `volo-ts/compiler`. It does all that a generated one does, several times slower. Throws when the
 * file declares no such service or what it needs is not described.
 */
export function interpretedService(file: FileSchema, name: string): ServiceType {
  return describedService(file, name, interpretedProtobuf)
}

/**
 * A client that calls services by name, in JSON by the descriptions of `services`, in bytes also without them. The
 * services may be generated ones or {@link interpretedService}s. Throws TypeError for a service that is not of protobuf.
 */
export function createGenericClient(
  services: readonly ServiceType[],
  transport: Transport,
  options: ClientOptions = {},
): GenericClient {
  return genericClient(format, services, transport, options)
}

/**
 * The handler of a service that answers every method with one function in JSON: `server.add(Shop, genericHandler(Shop,
 * async (cx, request) => …))`. Throws TypeError for a service that is not of protobuf.
 */
export function genericHandler<C, H>(service: ServiceType<C, H>, handle: JsonHandler): H {
  return genericHandlerOf(format, service, handle) as H
}

/**
 * Passes every gRPC call on to the server of a transport, in bytes and without any IDL, with all that belongs to it:
 * `new Server({ unknown: forward(grpc('10.0.0.2:8080')) })`.
 */
export function forward(transport: Transport, options: ClientOptions = {}): Service {
  return forwarding(genericClient(format, [], transport, options))
}
