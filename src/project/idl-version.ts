/** An older version of a project's files: those in another folder, or one file in place of another. */

import { statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { pathFrom } from './display-path.ts'
import { nodeHost } from './node-host.ts'
import { ProjectError } from './project-error.ts'

/** Files as they were. Paths are absolute, and those of the files now. */
export interface IdlVersion {
  /** The text of a file; undefined when there was none. */
  read(path: string): string | undefined
  /** How the file of that time is shown. */
  label(path: string): string
}

/** What a version stands beside. */
export interface VersionPlace {
  readonly cwd: string
  /** The folder of the project, absolute. */
  readonly base: string
  /** The IDLs that are compared, absolute. */
  readonly files: readonly string[]
}

/** The relative path of a file in a folder; undefined when it lies elsewhere. */
export function insideOf(folder: string, path: string): string | undefined {
  const inside = relative(folder, path)
  return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? undefined : inside
}

/** The version in a folder or file. Files outside the project are what they are now. */
export function versionAt(name: string, place: VersionPlace): IdlVersion {
  const { cwd, base, files } = place
  const target = resolve(cwd, name)
  if (!statSync(target).isDirectory()) return fileVersion(name, target, place)
  const dropped = droppedSegments(target, base, files)
  const pathOf = (path: string): string | undefined => {
    const inside = insideOf(base, path)
    if (inside === undefined) return path
    const segments = inside.split(sep)
    return segments.length > dropped ? join(target, ...segments.slice(dropped)) : undefined
  }
  return reading(cwd, pathOf)
}

/** One file that another one was; what it includes stands beside it. */
function fileVersion(name: string, target: string, { cwd, files }: VersionPlace): IdlVersion {
  const [file, ...others] = files
  if (file === undefined || others.length > 0) {
    throw new ProjectError(`${name} is one file, and ${files.length} are compared with it`, {
      hint: 'name the file that it was, or give the folder of the older IDLs',
      usage: true,
    })
  }
  return reading(cwd, (path) => {
    if (path === file) return target
    const inside = insideOf(dirname(file), path)
    return inside === undefined ? path : join(dirname(target), inside)
  })
}

function reading(cwd: string, pathOf: (path: string) => string | undefined): IdlVersion {
  const disk = nodeHost(cwd)
  return {
    read(path) {
      const found = pathOf(path)
      return found === undefined ? undefined : disk.read(found)
    },
    label: (path) => pathFrom(cwd, pathOf(path) ?? path),
  }
}

/** The folder may hold what `idl/` holds: as many leading names of paths are left out as find the most files. */
function droppedSegments(folder: string, base: string, files: readonly string[]): number {
  const split = files.flatMap((file) => {
    const inside = insideOf(base, file)
    return inside === undefined ? [] : [inside.split(sep)]
  })
  let best = 0
  let most = 0
  for (let n = 0; n < Math.max(0, ...split.map((names) => names.length)); n++) {
    const found = split.filter((names) => names.length > n && isFile(join(folder, ...names.slice(n)))).length
    if (found > most) {
      best = n
      most = found
    }
  }
  return best
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
