/** Plans a new project from IDLs: the files to write. */

import { dirname, resolve } from 'node:path'
import { type CompileResult, compile, hasErrors } from '../../compiler/compile.ts'
import type { Diagnostic } from '../../compiler/diagnostic.ts'
import { nameProgram } from '../../compiler/gen/name/names.ts'
import { memoryHost } from '../../compiler/host.ts'
import { suggest } from '../../compiler/text/suggest.ts'
import { type NewIdl, newConfig } from '../config/config-text.ts'
import { pathFrom } from '../display-path.ts'
import { type NamedProgram, type ServiceModel, serviceModels } from '../generate/service-model.ts'
import { checkServiceNames } from '../handler/handler-update.ts'
import { nodeHost } from '../node-host.ts'
import { ProjectError } from '../project-error.ts'
import { type ProjectFilesInput, projectFiles, type Template } from './project-files.ts'
import type { ScaffoldFile } from './scaffold.ts'
import { templateFiles } from './template.ts'

/** What a new project is made of. */
export interface NewProject
  extends Pick<ProjectFilesInput, 'name' | 'template' | 'packageManager' | 'runtime' | 'isVendored' | 'isFromGit'> {
  /** Paths of IDL files, absolute; empty for a starter IDL. */
  readonly idls: readonly string[]
  /** Import roots, absolute. */
  readonly includes: readonly string[]
  /** Which starter IDL is laid down when none is given. */
  readonly protocol: 'thrift' | 'grpc'
  /** Names of the services to scaffold; empty for all. */
  readonly chosen: readonly string[]
}

/** What planning a new project gives: errors, or a plan with warnings. */
export type NewProjectResult =
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: true; readonly diagnostics: readonly Diagnostic[]; readonly plan: NewProjectPlan }

/** A new project as it would be. */
export interface NewProjectPlan {
  readonly files: readonly ScaffoldFile[]
  /** Every service of the given IDLs, and whether it is scaffolded. */
  readonly services: readonly { readonly service: ServiceModel; readonly chosen: boolean }[]
}

/** What a project is made from: its IDLs, where they come from, and what they generate. */
export interface ProjectBase {
  readonly diagnostics: readonly Diagnostic[]
  /** volo.yml, generated code, and what else belongs to the IDLs. */
  readonly files: readonly ScaffoldFile[]
  readonly named: NamedProgram
  /** The IDL files that were named, as people see them. */
  readonly entries: readonly string[]
  /** Files in place of scaffolded ones. */
  readonly instead: readonly ScaffoldFile[]
}

/** Plans a project; nothing is written. Paths in diagnostics are as seen from `cwd`. */
export function planProject(project: NewProject, cwd: string): NewProjectResult {
  const base = localBase(project, cwd)
  return 'named' in base ? completePlan(project, base) : { ok: false, diagnostics: base.diagnostics }
}

/** The plan of a project over its base. */
export function completePlan(
  project: Omit<NewProject, 'idls' | 'includes' | 'protocol'>,
  base: ProjectBase,
): NewProjectResult {
  const { named, entries, instead } = base
  const all = serviceModels([{ named, files: named.program.entries }])
  const chosen = chooseServices(all, project.chosen, entries)
  const files = [...base.files, ...projectFiles({ ...project, services: chosen, named, instead })]
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  const services = all.map((service) => ({ service, chosen: chosen.includes(service) }))
  return { ok: true, diagnostics: base.diagnostics, plan: { files, services } }
}

/** From IDLs that are copied into the project, or a starter IDL; only the diagnostics when one is an error. */
function localBase(project: NewProject, cwd: string): ProjectBase | Pick<ProjectBase, 'diagnostics'> {
  const isStarter = project.idls.length === 0
  const starter = isStarter ? templateFiles(`starter/${project.protocol}`) : []
  const given = isStarter ? compileStarter(starter) : compileGiven(project, cwd)
  if (hasErrors(given.diagnostics)) return { diagnostics: given.diagnostics }

  const idls = given.sources.filter(({ bundled }) => !bundled)
  const files: ScaffoldFile[] = idls.map(({ source }) => ({ path: `idl/${source.logicalPath}`, text: source.text }))
  const entries = idls.filter(({ entry }) => entry).map(({ source }) => `idl/${source.logicalPath}`)
  // Generated from the files at their paths in the project, so that `volo generate` gives the same.
  const texts = Object.fromEntries(files.map(({ path, text }) => [path, text]))
  const generatedFor = (path: string): string => pathFrom(dirname(resolve('src/gen', path)), resolve('volo.yml'))
  const compiled = compile({ entries, includes: ['idl'], host: memoryHost(texts), options: { generatedFor } })
  if (hasErrors(compiled.diagnostics)) return { diagnostics: compiled.diagnostics }
  files.push(...compiled.files.map(({ path, text }) => ({ path: `src/gen/${path}`, text })))
  files.push({ path: 'volo.yml', text: configText(entries, project.template) })
  const named = {
    program: compiled.program,
    names: compiled.names ?? nameProgram(compiled.program, () => {}),
    reach: compiled.reach,
  }
  return { diagnostics: given.diagnostics, files, named, entries, instead: starter }
}

function compileGiven(project: NewProject, cwd: string): CompileResult {
  return compile({
    entries: project.idls.map((path) => pathFrom(cwd, path)),
    includes: project.includes.map((path) => pathFrom(cwd, path)),
    host: nodeHost(cwd),
  })
}

function compileStarter(files: readonly ScaffoldFile[]): CompileResult {
  const idls = files.filter(({ path }) => path.startsWith('idl/'))
  const host = memoryHost(Object.fromEntries(idls.map(({ path, text }) => [path, text])))
  return compile({ entries: idls.map(({ path }) => path), includes: ['idl'], host })
}

function chooseServices(
  all: readonly ServiceModel[],
  wanted: readonly string[],
  entries: readonly string[],
): ServiceModel[] {
  if (all.length === 0) {
    throw new ProjectError(
      `${entries.map((path) => path.replace(/^idl\//, '')).join(', ')} declares no service, and a project needs one`,
      {
        hint: 'name the IDL file that declares the service; what it includes comes along by itself',
      },
    )
  }
  const listed = all.map(({ fullName }) => fullName).join(', ')
  for (const name of wanted) {
    if (all.some((one) => one.name === name || one.fullName === name)) continue
    const better = suggest(
      name,
      all.map((one) => one.name),
    )
    throw new ProjectError(`there is no service '${name}'; the IDLs declare ${listed}`, {
      hint: better === undefined ? undefined : `did you mean '${better}'?`,
      usage: true,
    })
  }
  const chosen =
    wanted.length === 0 ? [...all] : all.filter((one) => wanted.includes(one.name) || wanted.includes(one.fullName))
  checkServiceNames(chosen.map((service) => ({ service })))
  return chosen
}

function configText(paths: readonly string[], template: Template): string {
  const idlsOf = (extension: string): NewIdl[] =>
    paths.filter((path) => path.endsWith(extension)).map((path) => ({ path, includes: ['idl'] }))
  const thrift = idlsOf('.thrift')
  const protobuf = idlsOf('.proto')
  const typescript = template === 'client' ? ({ handlers: false } as const) : {}
  return newConfig([
    ...(thrift.length > 0 ? [{ name: 'default', protocol: 'thrift' as const, idls: thrift, typescript }] : []),
    ...(protobuf.length > 0
      ? [{ name: thrift.length > 0 ? 'grpc' : 'default', protocol: 'protobuf' as const, idls: protobuf, typescript }]
      : []),
  ])
}
