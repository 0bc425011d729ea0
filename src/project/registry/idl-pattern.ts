/** IDL files as people name them: paths, or patterns with `*`, `**` and `?`. */

import { readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { below } from '../../compiler/path.ts'
import { didYouMean } from '../../compiler/text/suggest.ts'
import { withSlashes } from '../display-path.ts'
import { isFsError } from '../fs-error.ts'
import { repoPath } from '../git/repo-path.ts'
import { ProjectError } from '../project-error.ts'

/**
 * The files that `words` name, absolute, each once. A word without wildcards names itself, there or not. Throws a
 * ProjectError when a pattern matches nothing, or a word is a folder.
 */
export function expandPatterns(words: readonly string[], cwd: string): string[] {
  const files = new Set<string>()
  for (const word of words) {
    const path = resolve(cwd, word)
    if (!/[*?]/.test(word) || isThere(path)) {
      if (isFolder(path)) {
        throw new ProjectError(`${word} is a folder`, {
          hint: `name the IDL files in it: ${withSlashes(join(word, '*.thrift'))}`,
          usage: true,
        })
      }
      files.add(path)
      continue
    }
    const matches = matchPattern(withSlashes(word), cwd)
    if (matches.length === 0)
      throw new ProjectError(`no IDL file matches ${word}`, { hint: 'patterns match .thrift and .proto files' })
    for (const match of matches) files.add(match)
  }
  return [...files]
}

/** Every IDL file below the given folders, absolute; of the current one when none is given. */
export function everyIdl(folders: readonly string[], cwd: string): string[] {
  const files = new Set<string>()
  for (const folder of folders.length === 0 ? ['.'] : folders) {
    const path = resolve(cwd, folder)
    if (!isFolder(path)) throw new ProjectError(`${folder} is no folder, and --all takes folders`, { usage: true })
    const found = idlFiles(path, Number.POSITIVE_INFINITY)
    if (found.length === 0) throw new ProjectError(`there is no .thrift or .proto file below ${folder}`)
    for (const one of found) files.add(one)
  }
  return [...files]
}

/**
 * The files of a repo that `words` name: paths from its root, patterns, or with `all` every IDL file below the folders that
 * they are (all of the repo when there are none). Throws a ProjectError for a word that names nothing.
 */
export function matchRepoPaths(
  words: readonly string[],
  paths: readonly string[],
  { all, repo }: { readonly all: boolean; readonly repo: string },
): string[] {
  const found = new Set<string>()
  for (const word of all && words.length === 0 ? [''] : words) {
    const clean = repoPath(word)
    const isPattern = /[*?]/.test(clean) && !paths.includes(clean)
    const regex = isPattern ? patternRegex(clean.split('/')) : undefined
    const isBelow = (path: string): boolean => below(clean, path) !== undefined
    const matches = paths.filter((path) => (all ? isBelow(path) : (regex?.test(path) ?? path === clean)))
    if (matches.length === 0) throw noSuchPath(word, clean, paths, { all, repo })
    for (const path of matches) found.add(path)
  }
  return [...found]
}

function noSuchPath(
  word: string,
  clean: string,
  paths: readonly string[],
  { all, repo }: { readonly all: boolean; readonly repo: string },
): ProjectError {
  if (paths.length === 0) return new ProjectError(`${repo} has no .thrift or .proto file`)
  const inside = all ? undefined : paths.find((path) => below(clean, path) !== undefined)
  if (inside !== undefined) {
    return new ProjectError(`${word} is a folder of ${repo}`, {
      hint: `name the IDL files in it, such as ${inside}, or say: --all ${word}`,
      usage: true,
    })
  }
  const listed = paths.length > 5 ? `${paths.slice(0, 5).join(', ')} and ${paths.length - 5} more` : paths.join(', ')
  return new ProjectError(`${repo} has no IDL file ${word === '' ? 'at all' : word}`, {
    hint: didYouMean(clean, paths) ?? `it has ${listed}; paths start at the root of the repo`,
  })
}

function matchPattern(pattern: string, cwd: string): string[] {
  const segments = pattern.split('/')
  const wild = segments.findIndex((segment) => /[*?]/.test(segment))
  const base = resolve(cwd, segments.slice(0, wild).join('/') || (pattern.startsWith('/') ? '/' : '.'))
  const rest = segments.slice(wild)
  const regex = patternRegex(rest)
  return idlFiles(base, rest.includes('**') ? Number.POSITIVE_INFINITY : rest.length).filter((path) =>
    regex.test(withSlashes(relative(base, path))),
  )
}

function patternRegex(segments: readonly string[]): RegExp {
  return new RegExp(`^${segments.map((segment, i) => segmentRegex(segment, i === segments.length - 1)).join('')}$`)
}

function segmentRegex(segment: string, isLast: boolean): string {
  if (segment === '**') return isLast ? '.*' : '(?:[^/]+/)*'
  const text = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]')
  return isLast ? text : `${text}/`
}

/** The IDL files in a folder and those in it, `depth` folders deep. */
function idlFiles(folder: string, depth: number): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .flatMap((one) => {
        const path = join(folder, one.name)
        if (one.isDirectory()) {
          return depth > 1 && one.name !== 'node_modules' && !one.name.startsWith('.') ? idlFiles(path, depth - 1) : []
        }
        return /^\P{Cc}*\.(thrift|proto)$/u.test(one.name) ? [path] : []
      })
      .sort()
  } catch (error) {
    if (isFsError(error)) return []
    throw error
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
