/** connect-es: createRouterTransport, which serialises. */

import { readFileSync } from 'node:fs'
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { createClient, createRouterTransport } from '@connectrpc/connect'
import protobufjs from 'protobufjs'
import descriptors from 'protobufjs/ext/descriptor/index.js'

const text = readFileSync(new URL('../../idl/record.proto', import.meta.url), 'utf8')

/** The service as protobuf-es knows it, through the descriptor that protobufjs makes of it. */
function service() {
  const root = protobufjs.parse(text).root.resolveAll()
  const bytes = descriptors.FileDescriptorSet.encode(root.toDescriptor('proto3')).finish()
  const set = fromBinary(FileDescriptorSetSchema, bytes)
  // protobufjs writes type names without their scope; protobuf-es wants them from the root.
  const rooted = (name) => (name === '' || name.startsWith('.') ? name : `.bench.${name}`)
  for (const { messageType, service } of set.file) {
    for (const message of messageType) {
      for (const field of message.field) {
        const isNested = message.nestedType.some(({ name }) => name === field.typeName)
        field.typeName = isNested ? `.bench.${message.name}.${field.typeName}` : rooted(field.typeName)
      }
    }
    for (const method of service.flatMap((one) => one.method)) {
      method.inputType = rooted(method.inputType)
      method.outputType = rooted(method.outputType)
    }
  }
  return createFileRegistry(set).getService('bench.Records')
}

const Records = service()

function open(options, interceptors = []) {
  const transport = createRouterTransport(
    ({ service }) => service(Records, { noop: async () => ({}), echo: async (message) => message }),
    { transport: { interceptors } },
  )
  const client = createClient(Records, transport)
  return { noop: () => client.noop({}, options), echo: (message) => client.echo(message, options), close() {} }
}

const awaiting = (next) => async (request) => {
  const response = await next(request)
  return response
}

export const variants = {
  plain: async () => open(),
  'layers-await': async () =>
    open(
      undefined,
      Array.from({ length: 5 }, () => awaiting),
    ),
  deadline: async () => open({ timeoutMs: 5_000, signal: new AbortController().signal }),
}
