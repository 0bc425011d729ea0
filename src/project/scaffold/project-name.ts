/** Names of projects: what npm takes, and what a folder can be called on every system. */

import { packageName } from '../package-root.ts'
import { ProjectError } from '../project-error.ts'

const reserved = new Set(['node_modules', 'favicon.ico', packageName])
const windowsDevices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/

/** The name without its scope: what a folder or an image of the project is called. */
export function plainName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

/** Why a name cannot be a project's; undefined when it can. `@scope/name` can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > 214) return 'it is longer than 214 characters'
  const scoped = /^@([^/\\]*)\/([^/\\]*)$/.exec(name)
  if (scoped !== null) {
    const [, scope = '', inner = ''] = scoped
    const problem = partProblem(scope)
    return problem === undefined ? partProblem(inner) : `of its scope '@${scope}': ${problem}`
  }
  return partProblem(name)
}

function partProblem(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (/[/\\]/.test(name)) return 'it holds a path; a name is one word, and --dir says where the project goes'
  if (/[A-Z]/.test(name)) return 'npm takes lower-case letters only'
  if (/^[._]/.test(name)) return `npm takes no name that starts with '${name[0]}'`
  const odd = /[^a-z0-9._-]/.exec(name)
  if (odd !== null) return `it holds '${odd[0]}'; letters, digits, '-', '_' and '.' are fine`
  if (reserved.has(name)) return 'that name is taken by something that every project has'
  if (windowsDevices.test(name)) return 'no folder can be called that on Windows'
  return undefined
}

/** Throws a ProjectError that says why the name does not work and suggests one that does. */
export function checkName(name: string): void {
  const problem = nameProblem(name)
  if (problem === undefined) return
  const better = suggestName(name)
  throw new ProjectError(`'${name}' cannot name a project: ${problem}`, {
    hint: better === undefined || problem.includes('--dir') ? undefined : `did you mean '${better}'?`,
    usage: true,
  })
}

/** A valid name made from any text; undefined when nothing is left of it. */
export function suggestName(text: string): string | undefined {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-._]+|[-.]+$/g, '')
  return nameProblem(name) === undefined ? name : undefined
}
