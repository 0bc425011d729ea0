/** Finds the handler file of each service of a project, and completes or creates it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { positionAt } from '../../compiler/text/position.ts'
import { writeFilesAtomically } from '../atomic-write.ts'
import { pathFrom } from '../display-path.ts'
import { asFileError } from '../fs-error.ts'
import type { GenerationGroup, GenerationPlan } from '../generate/generation-plan.ts'
import { type ServiceModel, serviceModels } from '../generate/service-model.ts'
import { ProjectError } from '../project-error.ts'
import { type Completion, completeHandler, handlesService } from './handler-completion.ts'
import { handlerFile } from './handler-stub.ts'

/** A service of a project and its handler file. */
export interface ServiceHandler {
  readonly service: ServiceModel
  /** The entry of volo.yml that lists it. */
  readonly entry: string
  /** The IDL file that declares it, as shown to people. */
  readonly idl: string
  /** The handler file, absolute: the one there is, or the one there would be. Undefined for clients. */
  readonly path: string | undefined
  readonly exists: boolean
  /** What completing it gives; undefined when there is none. */
  readonly completion: Completion | undefined
  /** The text of a new one. */
  newText(): string
}

/** Every service that a project's IDLs declare, with its handler. */
export function serviceHandlers(plan: GenerationPlan): ServiceHandler[] {
  const listed = plan.groups.flatMap((group) =>
    group.entries.map((entry) => ({ group, entry, named: group.named, files: entry.files })),
  )
  const services = serviceModels(listed)
  return services.flatMap((service) => {
    const found = listed.find(({ files }) => files.includes(service.ir.file))
    if (found === undefined) return []
    const { group, entry } = found
    const idl = service.ir.file.source.path
    const base = { service, entry: entry.name, idl, newText: () => '' }
    if (entry.handlers === undefined) return { ...base, path: undefined, exists: false, completion: undefined }
    return { ...base, ...locate(group, service, entry.handlers) }
  })
}

function locate(
  group: GenerationGroup,
  service: ServiceModel,
  folder: string,
): Pick<ServiceHandler, 'path' | 'exists' | 'completion' | 'newText'> {
  const extension = group.options.importExtension ?? '.js'
  const usual = join(folder, `${service.fileStem}.ts`)
  const input = (path: string): Parameters<typeof completeHandler>[0] => ({
    service,
    path,
    text: readText(path),
    out: group.out,
    extension,
  })
  const others = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.includes('node_modules'))
        .map((name) => join(folder, name))
        .filter((path) => path !== usual)
        .sort()
    : []
  const isUsualThere = existsSync(usual)
  const path = (isUsualThere ? [usual, ...others] : others).find((one) => handlesService(input(one))) ?? usual
  const way = pathFrom(dirname(path), group.out)
  return {
    path,
    exists: existsSync(path),
    completion: existsSync(path) ? completeHandler(input(path)) : undefined,
    newText: () => handlerFile(service, way.startsWith('.') ? way : `./${way}`, extension),
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw asFileError('read', path, error)
  }
}

/** Throws a ProjectError when two services have one name: a server could hold only one of them. */
export function checkServiceNames(handlers: readonly Pick<ServiceHandler, 'service'>[]): void {
  const seen = new Map<string, ServiceModel>()
  for (const { service } of handlers) {
    const key = `${service.idl} ${service.fullName}`
    const other = seen.get(key)
    if (other !== undefined) {
      throw new ProjectError(
        `service '${service.fullName}' is declared twice: in ${placeOf(other)} and in ${placeOf(service)}`,
        { hint: 'a server tells services apart by name: rename one, or leave one of the files out' },
      )
    }
    seen.set(key, service)
  }
}

function placeOf({ ir: { span } }: ServiceModel): string {
  return `${span.source.path}:${positionAt(span.source, span.start).line}`
}

/** Writes completed handler files, and new ones where `isWanted`. */
export function writeHandlers(
  handlers: readonly ServiceHandler[],
  isWanted: (handler: ServiceHandler) => boolean,
): void {
  const files = new Map<string, string>()
  for (const handler of handlers) {
    const { path, exists, completion } = handler
    if (path === undefined) continue
    if (!exists && isWanted(handler)) files.set(path, handler.newText())
    else if (completion !== undefined && completion.added.length > 0) files.set(path, completion.text)
  }
  writeFilesAtomically([...files].map(([path, text]) => ({ path, text })))
}
