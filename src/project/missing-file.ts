/** Why a file is not where an IDL says: a path that differs in case, or a git submodule that is not checked out. */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'

/** A hint about a missing file; undefined when there is nothing to be seen. `path` is absolute. */
export function whyMissing(path: string): string | undefined {
  return otherCase(path) ?? inSubmodule(path)
}

/** The first part of the path that is not there, when it is there in another case. */
function otherCase(path: string): string | undefined {
  for (let at = path; dirname(at) !== at; at = dirname(at)) {
    const names = namesIn(dirname(at))
    if (names === undefined) continue
    const wanted = basename(at)
    const found = names.find((name) => name !== wanted && name.toLowerCase() === wanted.toLowerCase())
    return found === undefined || names.includes(wanted)
      ? undefined
      : `there is '${found}', which differs in case: write it as it is called`
  }
  return undefined
}

function inSubmodule(path: string): string | undefined {
  for (let at = dirname(path); ; at = dirname(at)) {
    for (const module of submodulesOf(at)) {
      const folder = join(at, module)
      const inside = relative(folder, path)
      if (inside.startsWith('..') || inside === '' || (namesIn(folder) ?? []).length > 0) continue
      return `it lies in the git submodule '${module.replaceAll(sep, '/')}', which is not checked out: git submodule update --init`
    }
    if (dirname(at) === at) return undefined
  }
}

function submodulesOf(folder: string): string[] {
  try {
    const text = readFileSync(join(folder, '.gitmodules'), 'utf8')
    return [...text.matchAll(/^\s*path\s*=\s*(.+?)\s*$/gm)].map(([, path]) => path!)
  } catch {
    return []
  }
}

function namesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder)
  } catch {
    return undefined
  }
}
