/** addReflection(): the reflection service of gRPC, v1 and v1alpha (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md). */

import type { FileSchema } from '../../core/message/schema.ts'
import type { ServerRouter } from '../../core/server/router.ts'
import type { ServiceType } from '../../core/service-type.ts'
import {
  ServerReflection,
  type ServerReflectionHandler,
  type ServerReflectionRequest,
  type ServerReflectionResponseInput,
} from '../gen/grpc/reflection/v1/reflection.ts'
import { ServerReflection as ServerReflectionAlpha } from '../gen/grpc/reflection/v1alpha/reflection.ts'
import { codeNumber } from '../status.ts'
import { type DescriptorIndex, descriptorIndex, descriptorsOf } from './descriptor-index.ts'

/** Options of {@link addReflection}. */
export interface ReflectionOptions {
  /** Which services to tell of. Default: every protobuf service of the server, this one included. */
  readonly filter?: ((service: ServiceType) => boolean) | undefined
}

/**
 * Adds `grpc.reflection.v1.ServerReflection` and its predecessor `v1alpha` to a server (or a router): tools such as
 * grpcurl then need no `.proto` files. It tells of services that are added later, too. Descriptions come from the
 * generated code; what was not generated because nothing reaches it is not in them.
 */
export function addReflection(server: { readonly router: ServerRouter }, options: ReflectionOptions = {}): void {
  const { router } = server
  const { filter = () => true } = options
  let known: { readonly count: number; readonly services: readonly ServiceType[]; readonly index: DescriptorIndex }
  const look = (): typeof known => {
    const { length } = router.services
    if (known?.count !== length) {
      const services = router.services.filter((service) => service.idl === 'protobuf' && filter(service))
      known = { count: length, services, index: descriptorIndex(services) }
    }
    return known
  }
  const answer = (request: ServerReflectionRequest, sent: Set<string>): ServerReflectionResponseInput => {
    const { services, index } = look()
    const asked = request.messageRequest
    const base = { validHost: request.host, originalRequest: request }
    const refuse = (code: 'NOT_FOUND' | 'INVALID_ARGUMENT', errorMessage: string): ServerReflectionResponseInput => ({
      ...base,
      messageResponse: { case: 'errorResponse', value: { errorCode: codeNumber(code), errorMessage } },
    })
    const give = (file: FileSchema | undefined, what: string): ServerReflectionResponseInput => {
      if (file === undefined) return refuse('NOT_FOUND', `${what} is not known here`)
      const fileDescriptorProto = descriptorsOf(file, sent)
      return { ...base, messageResponse: { case: 'fileDescriptorResponse', value: { fileDescriptorProto } } }
    }
    switch (asked?.case) {
      case 'listServices': {
        const service = services.map(({ fullName }) => ({ name: fullName })).sort((a, b) => (a.name < b.name ? -1 : 1))
        return { ...base, messageResponse: { case: 'listServicesResponse', value: { service } } }
      }
      case 'fileByFilename':
        return give(index.file(asked.value), `the file ${asked.value}`)
      case 'fileContainingSymbol':
        return give(index.symbol(asked.value), `the symbol ${asked.value}`)
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = asked.value
        const file = index.extension(containingType, extensionNumber)
        return give(file, `the extension ${extensionNumber} of ${containingType}`)
      }
      case 'allExtensionNumbersOfType': {
        const numbers = index.extensionNumbers(asked.value)
        if (numbers === undefined) return refuse('NOT_FOUND', `the message ${asked.value} is not known here`)
        const value = { baseTypeName: asked.value, extensionNumber: numbers }
        return { ...base, messageResponse: { case: 'allExtensionNumbersResponse', value } }
      }
      case undefined:
        return refuse('INVALID_ARGUMENT', 'the request asks for nothing that is known here')
    }
  }
  const handler: ServerReflectionHandler = {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>()
      for await (const request of requests) yield answer(request, sent)
    },
  }
  router.add(ServerReflection, handler)
  // The same messages under another package name.
  router.add(ServerReflectionAlpha, handler)
}
