/** Generates what volo.yml lists: plans the files, then writes them. */

import { readFileSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  type CompileResult,
  compile,
  type FileOptions,
  type GenerateOptions,
  type OptionPlaces,
} from '../../compiler/compile.ts'
import type { Diagnostic } from '../../compiler/diagnostic.ts'
import type { Host } from '../../compiler/host.ts'
import { normalizePath } from '../../compiler/path.ts'
import { writeFilesAtomically } from '../atomic-write.ts'
import type { Config, ConfigEntry } from '../config/config.ts'
import { pathFrom } from '../display-path.ts'
import { asFileError, isFsError } from '../fs-error.ts'
import { type IdlLocations, idlLocations } from '../idl-location.ts'
import { nodeHost } from '../node-host.ts'
import { ProjectError } from '../project-error.ts'
import { realPath } from '../real-path.ts'
import { configMark, isGenerated, ownerOf } from './generated-file.ts'
import {
  emptyPlan,
  type GenerationGroup,
  type GenerationPlan,
  type PlannedFile,
  sameText,
  typescriptFiles,
} from './generation-plan.ts'
import { importExtension } from './import-extension.ts'

/** Compiles what a volo.yml lists and compares it with what is there. Paths in diagnostics are as seen from `cwd`. */
export function planGeneration(config: Config, cwd: string, host: Host = nodeHost(cwd)): GenerationPlan {
  const inferred = importExtension(config.folder)
  const locations = idlLocations(config, cwd)
  const diagnostics: Diagnostic[] = []
  const groups: GenerationGroup[] = []
  const texts = new Map<string, string>()
  for (const { out, options, entries } of groupEntries(config, inferred)) {
    const result = compileEntries(config, locations, host, entries, {
      ...options,
      generatedFor: (path) => configMark(resolve(out, path), config.path),
    })
    diagnostics.push(...result.diagnostics.map((one) => whereListed(config, locations, entries, one)))
    if (result.diagnostics.some(({ severity }) => severity === 'error')) continue
    for (const file of result.files) {
      const path = resolve(out, file.path)
      const other = texts.get(path)
      if (other !== undefined && other !== file.text) throw twoTexts(config, path, entries)
      texts.set(path, file.text)
    }
    const { program, names, reach } = result
    if (names === undefined) continue
    const byPath = new Map(program.entries.map((file) => [file.source.path, file]))
    groups.push({
      out,
      options,
      named: { program, names, reach, map: options.map },
      entries: entries.map(([name, entry]) => ({
        name,
        handlers: handlersFolder(config, entry),
        files: (entry.services ?? []).flatMap(
          ({ idl }) => byPath.get(normalizePath(locations.pathOf(name, idl))) ?? [],
        ),
      })),
    })
  }
  if (diagnostics.some(({ severity }) => severity === 'error')) return emptyPlan(diagnostics)
  return { diagnostics, groups, ...compareFiles(config, texts, groups) }
}

/** Writes a plan: new and changed files first; then files that are no longer generated are removed, with the folders that become empty. */
export function writeGeneration(plan: GenerationPlan): void {
  writeFilesAtomically(plan.files.filter(({ action }) => action === 'create' || action === 'change'))
  for (const { path, action } of plan.files) {
    if (action !== 'remove') continue
    try {
      rmSync(path)
    } catch (error) {
      throw asFileError('remove', path, error)
    }
    const roots = new Set(plan.groups.map(({ out }) => out))
    for (let folder = dirname(path); !roots.has(folder) && folder !== dirname(folder); folder = dirname(folder)) {
      try {
        rmdirSync(folder)
      } catch {
        break
      }
    }
  }
}

function groupEntries(
  config: Config,
  inferred: '.js' | '.ts',
): { out: string; options: GenerateOptions; entries: (readonly [string, ConfigEntry])[] }[] {
  const groups = new Map<
    string,
    { out: string; options: GenerateOptions; entries: (readonly [string, ConfigEntry])[] }
  >()
  for (const [name, entry] of Object.entries(config.entries)) {
    const typescript = entry.typescript ?? {}
    const out = resolve(config.folder, typescript.out ?? 'src/gen')
    const extension = typescript.import_extension ?? inferred
    const options = optionsOf(entry, extension === 'none' ? '' : extension)
    const key = JSON.stringify([out, options])
    const group = groups.get(key) ?? { out, options, entries: [] }
    groups.set(key, group)
    group.entries.push([name, entry])
  }
  return [...groups.values()]
}

/** The options of an entry, without those of single files. */
function optionsOf(entry: ConfigEntry, importExtension: '.js' | '.ts' | ''): GenerateOptions {
  const typescript = entry.typescript ?? {}
  const initialisms = typescript.initialisms ?? entry.special_namings ?? []
  return {
    int64: typescript.int64 ?? 'bigint',
    bytes: typescript.bytes ?? 'copy',
    map: typescript.map ?? 'record',
    enum: typescript.enum ?? 'number',
    ...(typescript.enum_prefix !== undefined && { enumPrefix: typescript.enum_prefix }),
    comments: typescript.comments ?? entry.with_comments ?? true,
    ...(typescript.naming !== undefined && { naming: typescript.naming }),
    ...(initialisms.length > 0 && { initialisms }),
    ...(typescript.rename !== undefined && { rename: typescript.rename }),
    modules: typescript.modules ?? 'file',
    ...(typescript.unknown_fields !== undefined && { keepUnknownFields: typescript.unknown_fields === 'keep' }),
    optionalDefaults: typescript.optional_defaults ?? 'fill',
    roots: typescript.roots ?? 'declarations',
    ...(typescript.services !== undefined && { services: typescript.services }),
    touchAll: entry.touch_all ?? false,
    importExtension,
  }
}

/** The options of single IDL files. A file that is listed twice has what either says. */
function fileOptions(
  locations: IdlLocations,
  entries: readonly (readonly [string, ConfigEntry])[],
): Record<string, FileOptions> {
  const files: Record<string, FileOptions> = {}
  for (const [name, entry] of entries) {
    for (const { idl, codegen_option: own } of entry.services ?? []) {
      const path = locations.pathOf(name, idl)
      const known = files[path]
      files[path] = {
        keepUnknownFields: own?.keep_unknown_fields === true || known?.keepUnknownFields === true,
        touch: [...(known?.touch ?? []), ...(own?.touch ?? [])],
        noService: own?.config?.no_service === true || known?.noService === true,
      }
    }
  }
  return files
}

/** Adds the position in volo.yml to the diagnostic of a listed file that does not exist. */
function whereListed(
  config: Config,
  locations: IdlLocations,
  entries: readonly (readonly [string, ConfigEntry])[],
  missing: Diagnostic,
): Diagnostic {
  if (missing.code !== 'file-not-found' || missing.span !== undefined) return missing
  for (const [entry, { services = [] }] of entries) {
    for (const [i, { idl }] of services.entries()) {
      if (missing.message !== `cannot find '${normalizePath(locations.pathOf(entry, idl))}'`) continue
      const span = config.at(['entries', entry, 'services', i, 'idl', 'path'])
      return {
        ...missing,
        span,
        hint: idl.source === 'git' ? missing.hint : 'paths are taken from the folder of volo.yml',
      }
    }
  }
  return missing
}

/** Where volo.yml names declarations: the first place of each. */
function optionPlaces(
  config: Config,
  locations: IdlLocations,
  entries: readonly (readonly [string, ConfigEntry])[],
): OptionPlaces {
  return {
    service(name) {
      for (const [entry, { typescript }] of entries) {
        const i = typescript?.services?.indexOf(name) ?? -1
        if (i >= 0) return config.at(['entries', entry, 'typescript', 'services', i])
      }
      return undefined
    },
    rename(key) {
      for (const [entry, { typescript }] of entries) {
        if (typescript?.rename !== undefined && Object.hasOwn(typescript.rename, key)) {
          return config.at(['entries', entry, 'typescript', 'rename', key])
        }
      }
      return undefined
    },
    touch(path, name) {
      for (const [entry, { services = [] }] of entries) {
        for (const [i, { idl, codegen_option: own }] of services.entries()) {
          const at = normalizePath(locations.pathOf(entry, idl)) === path ? (own?.touch?.indexOf(name) ?? -1) : -1
          if (at >= 0) return config.at(['entries', entry, 'services', i, 'codegen_option', 'touch', at])
        }
      }
      return undefined
    },
  }
}

function compileEntries(
  config: Config,
  locations: IdlLocations,
  host: Host,
  entries: readonly (readonly [string, ConfigEntry])[],
  options: GenerateOptions,
): CompileResult {
  const listed = entries.flatMap(([name, { services = [] }]) => services.map(({ idl }) => locations.pathOf(name, idl)))
  return compile({
    entries: [...new Set(listed)],
    includes: [...new Set(entries.flatMap(([name]) => locations.rootsOf(name)))],
    host,
    options: { ...options, files: fileOptions(locations, entries), places: optionPlaces(config, locations, entries) },
  })
}

function handlersFolder(config: Config, entry: ConfigEntry): string | undefined {
  const handlers = entry.typescript?.handlers ?? 'src/handlers'
  return handlers === false ? undefined : resolve(config.folder, handlers)
}

function compareFiles(
  config: Config,
  texts: ReadonlyMap<string, string>,
  groups: readonly GenerationGroup[],
): Pick<GenerationPlan, 'files' | 'unclaimed'> {
  const files: PlannedFile[] = []
  for (const [path, text] of texts) {
    const old = readIfThere(path)
    if (old !== undefined) checkOverwritable(config, path, old)
    files.push({ path, text, action: old === undefined ? 'create' : sameText(old, text) ? 'keep' : 'change' })
  }
  const planned = new Set([...texts.keys()].map(realPath))
  const unclaimed: string[] = []
  for (const path of new Set(groups.flatMap(({ out }) => typescriptFiles(out)))) {
    const text = planned.has(realPath(path)) ? undefined : readIfThere(path)
    if (text === undefined || !isGenerated(text)) continue
    const owner = ownerOf(path, text, config.path)
    if (owner.kind === 'own') files.push({ path, text: '', action: 'remove' })
    else if (owner.kind === 'unclaimed') unclaimed.push(path)
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), unclaimed: unclaimed.sort() }
}

/** Throws a ProjectError when the file at the place of a generated one is a user's, or another volo.yml's. */
function checkOverwritable(config: Config, path: string, text: string): void {
  const shown = pathFrom(config.folder, path)
  if (!isGenerated(text)) {
    throw new ProjectError(`${shown} was not generated by volo and stands where a generated file belongs`, {
      hint: "move it away, or set another 'out' under 'typescript:' in volo.yml",
    })
  }
  const owner = ownerOf(path, text, config.path)
  if (owner.kind !== 'foreign') return
  const other = pathFrom(config.folder, owner.config)
  throw new ProjectError(`${shown} was generated for ${other}, and this volo.yml would overwrite it`, {
    hint: `set another 'out' under 'typescript:' in one of the two; if ${other} does not generate the file any more, delete it`,
  })
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isFsError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw asFileError('read', path, error)
  }
}

function twoTexts(config: Config, path: string, entries: readonly (readonly [string, ConfigEntry])[]): ProjectError {
  const names = entries.map(([name]) => `'${name}'`).join(', ')
  return new ProjectError(
    `${pathFrom(config.folder, path)} would be generated twice, with different options: by entry ${names} and by another one`,
    { hint: "give one of the entries its own 'out' under 'typescript:' in volo.yml" },
  )
}
