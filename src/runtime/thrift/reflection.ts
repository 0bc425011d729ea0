/** Thrift reflection: a service that hands out the IDL of a server's services, and its reader. */

import type { CallOptions } from '../core/client/call-options.ts'
import { createClient } from '../core/client/client.ts'
import { RpcError } from '../core/error.ts'
import type { FileSchema } from '../core/message/schema.ts'
import type { ServerRouter } from '../core/server/router.ts'
import type { ServiceType } from '../core/service-type.ts'
import type { Transport } from '../core/transport.ts'
import { readDescription, writeDescription } from './description.ts'
import { NotReflected, type ReflectedFileInput, ThriftReflection } from './gen/reflection.ts'
import { interpretedService } from './generic.ts'

/** Options of {@link addReflection}. */
export interface ReflectionOptions {
  /** Which services to tell of. Default: every Thrift service of the server, this one included. */
  readonly filter?: ((service: ServiceType) => boolean) | undefined
}

/**
 * Adds the service `ThriftReflection` to a server (or a router): tools then need no IDL files. It tells of services that
 * are added later, too. Descriptions come from the generated code; what was not generated because nothing reaches it is not in them.
 * Its IDL stands in `reflection.thrift`.
 */
export function addReflection(server: { readonly router: ServerRouter }, options: ReflectionOptions = {}): void {
  const { filter = () => true } = options
  const told = (): ServiceType[] => server.router.services.filter((one) => one.idl === 'thrift' && filter(one))
  const names = fileNames()
  server.router.add(ThriftReflection, {
    listServices: () => told().map((service) => ({ name: service.name, file: names(service.file) })),
    describeServices(asked) {
      const services = told()
      const wanted =
        asked.length === 0
          ? services
          : asked.map((name) => {
              const found = services.find((one) => one.name === name)
              if (found === undefined) throw new NotReflected({ service: name })
              return found
            })
      const files = new Set(wanted.map(({ file }) => file))
      for (const file of files) for (const other of file.imports) files.add(other)
      return [...files].map(
        (file): ReflectedFileInput => ({
          name: names(file),
          includes: file.imports.map(names),
          description: writeDescription(file),
        }),
      )
    },
  })
}

/** Names of files: their paths, numbered where two files of a server have one. */
function fileNames(): (file: FileSchema) => string {
  const names = new Map<FileSchema, string>()
  const counts = new Map<string, number>()
  return (file) => {
    const known = names.get(file)
    if (known !== undefined) return known
    const count = (counts.get(file.path) ?? 0) + 1
    counts.set(file.path, count)
    const name = count === 1 ? file.path : `${file.path}#${count}`
    names.set(file, name)
    return name
  }
}

/**
 * The services of a server that has {@link addReflection}, without any IDL: for `createGenericClient`, `genericHandler` and
 * `createClient`. Rejects as any call does (UNIMPLEMENTED where the server has no reflection), and with INTERNAL for descriptions
 * that are none.
 */
export async function reflectServices(transport: Transport, options?: CallOptions): Promise<ServiceType[]> {
  const reflection = createClient(ThriftReflection, transport)
  const [services, files] = await Promise.all([
    reflection.listServices(options),
    reflection.describeServices([], options),
  ])
  const schemas = new Map<string, FileSchema>()
  for (const { name, includes, description } of files) {
    const imports = (): FileSchema[] => includes.flatMap((include) => schemas.get(include) ?? [])
    schemas.set(name, readDescription(name, description, imports))
  }
  return services.map(({ name, file }) => {
    const schema = schemas.get(file)
    if (schema === undefined)
      throw new RpcError('INTERNAL', `the server does not describe ${file}, which declares ${name}`)
    try {
      const service = interpretedService(schema, name)
      // Says now what is missing, not at the first call.
      void service.methods
      return service
    } catch (error) {
      throw new RpcError('INTERNAL', `the server's description of ${name} cannot be used: ${(error as Error).message}`)
    }
  })
}
