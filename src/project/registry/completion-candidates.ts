/** Completion candidates from a project: entries, repos, IDLs and services. Fast; empty when anything is wrong. */

import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, findConfig, readConfig } from '../config/config.ts'
import { sourceOf } from '../generate/generated-file.ts'
import { typescriptFiles } from '../generate/generation-plan.ts'

/** A name and what it is. */
export interface CompletionCandidate {
  readonly name: string
  readonly about: string
}

/** The names in a volo.yml. */
export interface CompletionCandidates {
  readonly entries: readonly CompletionCandidate[]
  readonly repos: readonly CompletionCandidate[]
  /** Listed IDLs, by their path from the current folder, or in their repo. */
  readonly idls: readonly CompletionCandidate[]
  /** Reads the IDLs and the generated code for them. */
  services(): readonly CompletionCandidate[]
}

const nothing: CompletionCandidates = { entries: [], repos: [], idls: [], services: () => [] }
/** Limits that keep completion fast: files read, and bytes per file. */
const maxFiles = 200
const maxBytes = 65_536

/** The names of the project that a command in `cwd` works on. Throws nothing. */
export function completionCandidates(
  cwd: string,
  explicit: string | undefined,
  shown: (path: string) => string,
): CompletionCandidates {
  try {
    const config = readConfig(findConfig(cwd, explicit), cwd)
    if (config.diagnostics.length > 0) return nothing
    const entries = Object.entries(config.entries)
    return {
      entries: entries.map(([name, { protocol }]) => ({ name, about: protocol })),
      repos: entries.flatMap(([, { repos = {} }]) =>
        Object.entries(repos).map(([name, { url, ref }]) => ({ name, about: `${url} at ${ref}` })),
      ),
      idls: entries.flatMap(([entry, { services = [] }]) =>
        services.map(({ idl }) => ({
          name: idl.source === 'local' ? shown(resolve(config.folder, idl.path)) : idl.path,
          about: idl.repo === undefined ? entry : `${entry}, ${idl.repo}`,
        })),
      ),
      services: () => servicesOf(config),
    }
  } catch {
    return nothing
  }
}

/** The services that an IDL file declares, found by a regular expression. */
export function servicesIn(path: string): string[] {
  return [...beginOf(path).matchAll(/^[ \t]*service[ \t\r\n]+(\w+)/gm)].map((match) => match[1]!)
}

/** From the project's IDLs, and for those from git from the code that was generated. */
function servicesOf(config: Config): CompletionCandidate[] {
  const found = new Map<string, string>()
  for (const entry of Object.values(config.entries)) {
    for (const { idl } of (entry.services ?? []).slice(0, maxFiles)) {
      if (idl.source !== 'local') continue
      for (const name of servicesIn(resolve(config.folder, idl.path))) found.set(name, idl.path)
    }
    const isFromGit = entry.services?.some(({ idl }) => idl.source === 'git') === true
    if (!isFromGit) continue
    const out = resolve(config.folder, entry.typescript?.out ?? 'src/gen')
    for (const path of typescriptFiles(out).slice(0, maxFiles)) {
      const text = beginOf(path)
      const idl = sourceOf(text)
      if (idl === undefined) continue
      for (const match of text.matchAll(/^export const \w+: ServiceType<.*serviceType\(\{\s*name: '(\w+)'/gm)) {
        if (!found.has(match[1]!)) found.set(match[1]!, idl)
      }
    }
  }
  return [...found].map(([name, about]) => ({ name, about }))
}

function beginOf(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(maxBytes)
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, maxBytes, 0))
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}
